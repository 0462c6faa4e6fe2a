"""Run the migrations on the connection handed over by ``store/migration.py``."""

from alembic import context

from marginwatch.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
