-- Webhooks are of the service, not of a host. `cursor`: the seq up to which the journal's events have become deliveries.
CREATE TABLE webhooks (
  key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  url TEXT NOT NULL,
  types TEXT CHECK (types IS NULL OR json_valid(types)),
  host TEXT,
  dax_device TEXT,
  tenant TEXT,
  description TEXT,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  disabled_reason TEXT CHECK (disabled_reason IN ('requested', 'gone', 'failing')),
  secret TEXT NOT NULL,
  former_secret TEXT,
  former_secret_until_ms INTEGER,
  created_ms INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  failing_since_ms INTEGER,
  delivered INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  missed_events INTEGER NOT NULL DEFAULT 0
) STRICT;
-- `seq`: the event, whose payload is read from the journal; NULL of a test message.
CREATE TABLE webhook_deliveries (
  key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  webhook INTEGER NOT NULL REFERENCES webhooks (key) ON DELETE CASCADE,
  seq INTEGER,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(attempts)),
  tries INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER,
  created_ms INTEGER NOT NULL,
  ended_ms INTEGER
) STRICT;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook, state);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, state, next_attempt_ms);
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_ms);
