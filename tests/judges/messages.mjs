// Reads e-mails with mailparser and postal-mime and verifies their DKIM with mailauth, whose DNS is a file.
// node messages.mjs dns.json one.eml two.eml …   prints one JSON object a file
import { readFileSync } from "node:fs";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const [dns, ...files] = process.argv.slice(2);
const records = JSON.parse(readFileSync(dns, "utf8"));

async function resolver(name, kind) {
  if (kind === "TXT" && records[name]) return [[records[name]]];
  throw Object.assign(new Error(`no ${kind} record of ${name}`), { code: "ENOTFOUND" });
}

const named = (lines) => Object.fromEntries(lines.map(({ key, line }) => [key, line.slice(line.indexOf(":") + 1).trim()]));

for (const file of files) {
  const raw = readFileSync(file);
  const parser = await simpleParser(raw);
  const postal = await PostalMime.parse(raw);
  const { results } = await dkimVerify(raw, { resolver });
  console.log(JSON.stringify({
    file,
    mailparser: { subject: parser.subject, text: parser.text, html: parser.html, headers: named(parser.headerLines) },
    postal: {
      subject: postal.subject, text: postal.text, html: postal.html,
      headers: Object.fromEntries(postal.headers.map(({ key, value }) => [key, value])),
    },
    dkim: results.map(({ status, signingHeaders, signingDomain }) => ({
      result: status.result, why: status.comment ?? "", aligned: status.aligned, domain: signingDomain,
      keys: signingHeaders?.keys ?? "",
    })),
  }));
}
