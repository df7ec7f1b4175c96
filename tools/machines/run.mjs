// Prints the digests of a WebAssembly build: node run.mjs FILE [--short] [--threads N]
import { readFileSync, writeSync } from "node:fs";

const [file, ...options] = process.argv.slice(2);
const short = options.includes("--short");
const threads = options.includes("--threads") ? options[options.indexOf("--threads") + 1] : 1;

const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
const { digests, text, text_length, memory } = instance.exports;
const kept = () => Buffer.from(memory.buffer, text(), text_length());
try {
  digests(short, Number(threads));
} catch (error) {
  console.error(`${error}: ${kept()}`);
  process.exit(1);
}
const lines = kept();
for (let at = 0; at < lines.length; ) at += writeSync(1, lines, at);
