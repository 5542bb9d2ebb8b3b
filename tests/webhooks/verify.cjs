// Verifies received webhooks with the Node packages.
const fs = require("node:fs");
const libraries = {
  standardwebhooks: require("standardwebhooks").Webhook,
  svix: require("svix").Webhook,
};
const deliveries = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
for (const [name, Webhook] of Object.entries(libraries)) {
  for (const { headers, body, secrets } of deliveries) {
    for (const secret of secrets) {
      new Webhook(secret).verify(body, headers);
      let isRefused = false;
      try {
        new Webhook(secret).verify(body + " ", headers);
      } catch {
        isRefused = true;
      }
      if (!isRefused) throw new Error(`${name} accepts a changed body`);
    }
  }
  console.log(`Node ${name} accepts ${deliveries.length} deliveries`);
}
