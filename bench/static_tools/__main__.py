"""
`python -m bench.static_tools`: write where we stand on the rules of others into docs/comparison.md, and run no tool.

For when positions.toml or a law of ours has changed; what was measured stays as it is.
"""

from bench.static_tools import write_standing
from bench.static_tools.positions import FILE, read_tools

write_standing(read_tools(FILE.read_text()))
