// Parses files with GitHub's own parser of actions and workflows, and prints its errors as JSON.
// node github_parser.mjs action|workflow FILE, beside the node_modules that @actions/workflow-parser is installed in
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { argv } from "node:process";

// The package is made for bundlers: Node wants to be told that its schemas are JSON.
const hook = `export async function resolve(name, context, next) {
  const found = await next(name, context);
  return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const [kind, path] = argv.slice(2);
const quiet = { error() {}, info() {}, verbose() {} };
const file = { name: path, content: readFileSync(path, "utf8") };
let parsed;
if (kind === "action") {
  const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");
  const { convertActionTemplate } = await import("@actions/workflow-parser/actions/action-template");
  parsed = parseAction(file, quiet);
  if (parsed.context.errors.count === 0) convertActionTemplate(parsed.context, parsed.value);
} else {
  const { convertWorkflowTemplate, parseWorkflow } = await import("@actions/workflow-parser");
  parsed = parseWorkflow(file, quiet);
  if (parsed.context.errors.count === 0) await convertWorkflowTemplate(parsed.context, parsed.value);
}
console.log(JSON.stringify(parsed.context.errors.getErrors().map((error) => error.message)));
