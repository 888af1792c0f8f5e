"""The asyncio shell: one performance, and the child processes it uses."""
