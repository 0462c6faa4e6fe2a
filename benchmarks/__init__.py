"""Benchmarks of the budgets that the design sets, each as a ratio against a reference measured in the same run.

Run them with ``python -m benchmarks``; ``README.md`` in this folder says what each one measures.
"""
