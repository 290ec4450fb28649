// Lists what mail clients lack of the HTML and CSS that e-mails use, by caniemail.com's data.
// node clients.mjs one.html two.html …   prints {client: {none: [feature, …], partial: [feature, …]}}
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const lacks = {};
for (const file of process.argv.slice(2)) {
  const { issues } = caniemail({ clients: ["gmail.*", "apple-mail.*", "outlook.*"], html: readFileSync(file, "utf8") });
  for (const [support, found] of [["none", issues.errors], ["partial", issues.warnings]]) {
    for (const [client, features] of found) {
      lacks[client] ??= { none: [], partial: [] };
      lacks[client][support].push(...features.map(({ title }) => title));
    }
  }
}
const sorted = (list) => [...new Set(list)].sort();
const clients = Object.keys(lacks).sort();
console.log(JSON.stringify(Object.fromEntries(
  clients.map((client) => [client, { none: sorted(lacks[client].none), partial: sorted(lacks[client].partial) }]),
), null, 1));
