/** The studio: everything that goes on in the show, and the ways to act on it. */

import { Connection } from "../shared/connection.js";
import type { Link } from "../shared/connection.js";
import type { ServerMessage } from "../shared/protocol.js";
import { ActionsPanel } from "./actions_panel.js";
import { Api, inWords } from "./api.js";
import { CostPanel } from "./cost_panel.js";
import { found, setText } from "./dom.js";
import { plain, Shortcuts } from "./keys.js";
import { LatencyPanel } from "./latency_panel.js";
import { MapView } from "./map_view.js";
import { MessagesPanel } from "./messages_panel.js";
import { PerformPanel } from "./perform_panel.js";
import { Performances } from "./performances.js";
import { stateOf } from "./state.js";
import type { ShowState } from "./state.js";
import { Tabs } from "./tabs.js";
import { TargetsPanel } from "./targets_panel.js";
import { ThemeSwitch } from "./theme.js";
import { TimelineView } from "./timeline_view.js";

class Studio {
  private readonly api = new Api();
  private readonly performances = new Performances();
  private readonly messages = new MessagesPanel();
  private readonly latency = new LatencyPanel();
  private readonly cost = new CostPanel();
  private readonly targets = new TargetsPanel(this.api);
  private readonly actions = new ActionsPanel(this.api);
  private readonly perform = new PerformPanel(this.api, () => this.actions.all);
  private readonly map = new MapView(this.api, () => void this.refresh());
  private readonly connection = new Connection(
    { kind: "studio", name: "studio", streams: ["speech", "state"] },
    {
      welcome: () => void this.refresh(),
      message: (message) => this.receive(message),
      linked: (link, detail) => this.link(link, detail),
    },
  );
  readonly timeline = new TimelineView(this.performances, () => this.connection.clock.toBridge(performance.now()));
  private shownMap = "";

  start(): void {
    new ThemeSwitch(found("theme", HTMLButtonElement), () => this.timeline.repaint());
    new Tabs(found("side-tabs", HTMLElement));
    const views = new Tabs(found("views", HTMLElement), (id) => {
      if (id === "tab-map") void this.map.show();
    });
    this.keys(views);
    addEventListener("beforeunload", (event) => {
      if (this.map.changed) event.preventDefault();
    });
    this.connection.open();
    this.perform.focus();
  }

  private keys(views: Tabs): void {
    const show = (focus: () => void): void => {
      views.open("tab-show");
      focus();
    };
    new Shortcuts([
      { keys: "Ctrl+Enter", does: "perform the text" },
      {
        keys: "Esc or Ctrl+.",
        does: "interrupt",
        on: (event) => (event.key === "Escape" && !this.perform.completing) || (event.key === "." && event.ctrlKey),
        act: () => void this.perform.interrupt(),
      },
      { keys: "[", does: "in the text: list the actions; arrows choose, Enter or Tab takes" },
      { keys: "↑ or Alt+↑", does: "in the empty text: the text performed before" },
      { keys: "t", does: "go to the text", on: (event) => plain(event, "t"), act: () => show(() => this.perform.focus()) },
      { keys: "a", does: "go to the actions", on: (event) => plain(event, "a"), act: () => show(() => this.actions.focus()) },
      { keys: "l", does: "go to the timeline", on: (event) => plain(event, "l"), act: () => show(() => found("timeline", HTMLElement).focus()) },
      { keys: "m", does: "the motion map", on: (event) => plain(event, "m"), act: () => views.open("tab-map") },
      { keys: "←+→", does: "on the timeline: back and forth (Shift: 5 s); Page keys by utterance, End to now" },
      { keys: "Space", does: "on the timeline: hold it, or follow again; + and - magnify" },
      { keys: "?", does: "this list", on: (event) => plain(event, "?"), act: () => found("keys", HTMLElement).click() },
    ]);
  }

  private receive(message: ServerMessage): void {
    if (message.type === "state") this.show(stateOf(message));
    else if (message.type === "note") this.messages.add(message, message.level);
    else if (message.type === "latency") this.latency.add(message);
    else {
      this.performances.receive(message);
      this.timeline.touch();
      if (message.type === "fired" && message.late_ms > 50) {
        const note = { message: `${message.action} reached ${message.driver} more than 50 ms late`, suggestion: "see its latency and lead under Targets" };
        this.messages.add(note);
      }
    }
  }

  private show(state: ShowState): void {
    this.targets.show(state);
    this.cost.show(state.spent.last, state.spent.session);
    this.messages.addUnseen(state.notes);
    const doing = found("doing", HTMLElement);
    setText(doing, state.doing);
    doing.dataset.tone = state.doing === "speaking" ? "live" : "calm";
    setText(found("facts", HTMLElement), [`voice ${state.voice}`, `sound ${state.speaker}`, `map ${state.map.name}`].join(" · "));
    const map = `${state.map.path}\n${state.map.name}\n${state.map.actions}`;
    if (this.shownMap !== map) {
      this.shownMap = map;
      void this.loadActions();
    }
  }

  private async refresh(): Promise<void> {
    try {
      this.show(stateOf(await this.api.get<object>("/v1/state")));
      await this.loadActions();
    } catch (error) {
      this.messages.add({ message: inWords(error) });
    }
  }

  private async loadActions(): Promise<void> {
    try {
      await this.actions.load();
      this.perform.refresh();
    } catch (error) {
      this.messages.add({ message: inWords(error) });
    }
  }

  private link(link: Link, detail: string): void {
    const banner = found("banner", HTMLElement);
    banner.hidden = link === "open" || (link === "connecting" && !detail);
    if (link === "lost") {
      this.performances.disconnected();
      this.timeline.touch();
      setText(banner, "Connection lost, retrying. The show itself may go on; what you see here stands still.");
    } else if (link === "refused") {
      setText(banner, detail || "The bridge refused this page: open the studio by the address that avatar-bridge serve printed.");
    }
    document.documentElement.dataset.link = link;
    const doing = found("doing", HTMLElement);
    if (link !== "open") {
      setText(doing, "offline");
      doing.dataset.tone = "off";
    }
  }
}

const studio = new Studio();
studio.start();
declare global {
  interface Window {
    /** For tests: what the studio shows. */
    avatarBridgeStudio?: { readonly timeline: { readonly position: number; readonly following: boolean } };
  }
}
window.avatarBridgeStudio = { timeline: studio.timeline };
