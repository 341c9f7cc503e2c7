"""
kubeproof.toml: what the architecture says of a system, independent of its manifests.

| module                     | what it holds                                                                     |
|----------------------------|-----------------------------------------------------------------------------------|
| `tables`                   | a TOML table that is read field by field; ProfileError                            |
| `intent`, `intent_reading` | what a cluster must do: pairs, dependencies, entries, levels; the whole `Profile` |
| `journeys`                 | requests in order and their answers                                               |
| `numbers`                  | what the manifests must say of each workload                                      |
| `consistency`              | contradictions between the values                                                 |
| `reading`                  | the file into a `Profile`: `read_profile`, `parse_profile`                        |
| `json_schema`, schema.json | the JSON schema, made by the same readers                                         |
"""
