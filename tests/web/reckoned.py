"""A frame with heavy measures of that very moment."""

from tests.risk.conftest import World

from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.moves import PastReturns


async def frame_with(world: World, parts: tuple[str, ...], past: PastReturns | None = None) -> Frame:
    """Return a frame of a world with those heavy measures."""
    engine = Engine(world.book, world.clock)
    engine.run_frame()
    await HeavyWork(engine, world.clock, past=lambda: past or PastReturns()).answer(Asked(parts=parts))
    return engine.run_frame()
