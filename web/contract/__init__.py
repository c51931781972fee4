"""The contract of the REST API: what each route takes and returns, and the OpenAPI document made from it."""
