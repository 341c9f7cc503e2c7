"""What NetworkPolicies allow, on paper: an engine that answers every flow with a reason, and what is judged by it."""
