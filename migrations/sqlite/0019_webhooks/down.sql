DROP TABLE talk_webhook_attempts;
DROP TABLE talk_webhook_deliveries;
DROP TABLE talk_webhooks;
