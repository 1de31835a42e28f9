-- How many deliveries of a webhook are pending, kept with them: each taking of events asks.
ALTER TABLE webhooks ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
UPDATE webhooks SET pending =
  (SELECT count(*) FROM webhook_deliveries AS d WHERE d.webhook = webhooks.key AND d.state = 'pending');
