"""The consumer service (Kubernetes name microservice-2): the items resource, reached through the items service."""
