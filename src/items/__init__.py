"""The items service (Kubernetes name microservice-1): create, read, change, list and delete items."""
