"""Data directories that an older version left behind (tests/upgrade), taken over by this build."""
import glob
import os
import tarfile

import books
import harness
import recording
import replays

OLD = sorted(glob.glob(os.path.join(harness.ROOT, "tests/upgrade/*.tar.gz")))
RECORDING_S = 240


def environment(folder):
    """The old version traded this recording; a relative name, so that it may lie anywhere."""
    recording.write(os.path.join(folder, "made.gz"), RECORDING_S, seed=3)
    return replays.environment("made.gz")


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder)


def run_to_end(test, bot, limit=120):
    """The rest of the recording, by all bots as they are."""
    bot.start_worker()
    test.wait(lambda: replays.ended(bot) or not bot.worker.alive(), "the replay ends", limit)
    test.assertTrue(bot.worker.alive(), "the worker ended by itself")
    test.assertEqual(bot.worker.stop(), 0)
    test.assertEqual(books.breaches(bot), [])
