"""What the simulator itself costs: it must never use more than one core, or benchmarks would measure it and not the monitor."""
