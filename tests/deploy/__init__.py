"""The files of docs/deploy, with real proxies in front of the real service: `make deploy-check`."""
