"""The calls about webhooks, and the dispatcher that sends them."""
