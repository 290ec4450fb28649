// Validates MJML with npm's mjml in strict mode, which reports what the renderer of the service lets pass.
// node templates.mjs one.mjml two.mjml …   prints one JSON object a file
import { readFileSync } from "node:fs";
import mjml2html from "mjml";

for (const file of process.argv.slice(2)) {
  let problems = [];
  try {
    problems = (await mjml2html(readFileSync(file, "utf8"), { validationLevel: "strict" })).errors;
  } catch (error) {
    problems = [String(error)];
  }
  console.log(JSON.stringify({ file, problems }));
}
