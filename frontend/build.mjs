/** Builds the pages: `node build.mjs [--out DIR]`, or the tests' bundles with `--tests`. The same sources give the same bytes. */

import { build } from "esbuild";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const argument = process.argv.indexOf("--out");
const out = resolve(argument > 0 ? process.argv[argument + 1] : join(here, "../src/avatar_bridge/web/static"));

/** Output name to source. `vrm` and `live2d` are loaded by the overlay only when such an avatar is shown. */
const SCRIPTS = {
  overlay: "src/overlay/main.ts",
  vrm: "src/overlay/avatars/vrm.ts",
  live2d: "src/overlay/avatars/live2d.ts",
  studio: "src/studio/main.ts",
};
const LAZY = ["vrm", "live2d"];
const COPIES = ["overlay.html", "overlay.css", "studio.html", "studio.css"];

const COMMON = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "chrome103",
  charset: "utf8",
  logLevel: "warning",
};

/** Leaves `import("./avatars/vrm.js")` in the page's script, pointing at the file beside it. */
const lazily = {
  name: "lazily",
  setup(bundler) {
    bundler.onResolve({ filter: /\/(vrm|live2d)(\.js|\.ts)?$/ }, (args) => {
      const name = basename(args.path).replace(/\.(js|ts)$/, "");
      return args.kind === "dynamic-import" && LAZY.includes(name) ? { path: `./${name}.js`, external: true } : undefined;
    });
  },
};

async function bundle(name, source) {
  const result = await build({
    ...COMMON,
    entryPoints: { [name]: source },
    outdir: out,
    minify: true,
    legalComments: "external",
    metafile: true,
    write: false,
    banner: { js: "/* Avatar Bridge, Apache-2.0. What is bundled here from others: THIRD_PARTY_LICENSES.txt */" },
    plugins: [lazily],
  });
  return {
    files: result.outputFiles.filter((file) => file.path.endsWith(".js")),
    notices: result.outputFiles.filter((file) => file.path.endsWith(".LEGAL.txt")).map((file) => file.text),
    inputs: Object.keys(result.metafile.inputs),
  };
}

/** Folders of the packages that own these sources, `node_modules/@scope/name` or `node_modules/name`. */
function packagesOf(inputs) {
  const found = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input.replaceAll("\\", "/"));
    if (match) found.add(match[1]);
  }
  return [...found].sort();
}

async function licences(inputs, notices) {
  const parts = ["Packages of others that are bundled in the pages, each with its licence.\n"];
  for (const folder of packagesOf(inputs)) {
    const { name, version, license } = JSON.parse(await readFile(join(here, folder, "package.json"), "utf8"));
    const file = (await readdir(join(here, folder))).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    const text = file ? await readFile(join(here, folder, file), "utf8") : `Licence: ${license}`;
    parts.push(`${"=".repeat(80)}\n${name} ${version} (${license})\n\n${text.replaceAll("\r\n", "\n").trim()}\n`);
  }
  const comments = [...new Set(notices.join("\n").split(/\n{2,}/).map((text) => text.trim()))].filter(Boolean).sort();
  if (comments.length) parts.push(`${"=".repeat(80)}\nNotices in the sources\n\n${comments.join("\n\n")}\n`);
  return parts.join("\n");
}

async function pages() {
  await mkdir(out, { recursive: true });
  const built = [];
  for (const [name, source] of Object.entries(SCRIPTS)) {
    if (existsSync(join(here, source))) built.push(await bundle(name, source));
  }
  for (const { files } of built) for (const file of files) await writeFile(file.path, file.contents);
  for (const name of COPIES) {
    if (!existsSync(join(here, name))) continue;
    await writeFile(join(out, name), (await readFile(join(here, name), "utf8")).replaceAll("\r\n", "\n"));
  }
  const text = await licences(built.flatMap((part) => part.inputs), built.flatMap((part) => part.notices));
  await writeFile(join(out, "THIRD_PARTY_LICENSES.txt"), text);
}

async function tests() {
  const folder = join(here, "test");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".test.ts")).sort();
  await rm(join(here, ".test"), { recursive: true, force: true });
  const entryPoints = names.map((name) => join(folder, name));
  await build({ ...COMMON, entryPoints, outdir: join(here, ".test"), platform: "node", target: "node18", plugins: [lazily] });
}

await (process.argv.includes("--tests") ? tests() : pages());
