// Drives a VTube Studio through the npm package `vtubestudio`; prints one JSON object with what it saw.
const WebSocket = require("ws");
const { ApiClient } = require("vtubestudio");

let token = null;
const client = new ApiClient({
  authTokenGetter: () => token,
  authTokenSetter: async (value) => {
    token = value;
  },
  pluginName: "Node Peer",
  pluginDeveloper: "The Tests",
  url: process.argv[2],
  webSocketFactory: (url) => new WebSocket(url),
});

client.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});

client.on("connect", async () => {
  const seen = {};
  const events = [];
  await client.events.hotkeyTriggered.subscribe((data) => events.push(data.hotkeyName), {});
  seen.state = await client.apiState();
  seen.hotkeys = (await client.hotkeysInCurrentModel({})).availableHotkeys.length;
  seen.parameters = (await client.inputParameterList()).defaultParameters.length;
  const many = Array.from({ length: 20 }, (_, step) =>
    client.injectParameterData({ parameterValues: [{ id: "MouthOpen", value: step / 20 }] }),
  );
  await Promise.all(many);
  seen.mouth = (await client.parameterValue({ name: "MouthOpen" })).value;
  seen.triggered = (await client.hotkeyTrigger({ hotkeyID: "Eyes Cry" })).hotkeyID;
  seen.refused = await client.hotkeyTrigger({ hotkeyID: "Nothing" }).catch((error) => error.data.errorID);
  seen.events = events;
  console.log(JSON.stringify(seen));
  process.exit(0);
});
