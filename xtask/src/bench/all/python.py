"""Times the note model's ONNX files in onnxruntime on one thread, as a user of Python would run them.

A hop has 16 new notes and looks ahead over 32. A take has 2,500 notes and is read in pieces of 64. The rows are random,
because their numbers do not change the time; computing them is not counted.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

PAST, AHEAD, BEFORE, BEHIND, DECODER = 116, 24, 320, 256, 192
HOP, TAKE, PIECE = 16, 2500, 64

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
folder = Path(sys.argv[1])
past, ahead, decoder = (
    onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
    for name in ("past.onnx", "ahead.onnx", "decoder-jazz.onnx")
)
rows = np.random.default_rng(0).standard_normal((TAKE, 1, PAST + AHEAD)).astype(np.float32)


def zeros(width, names):
    return {name: np.zeros((1, 1, width), np.float32) for name in names}


def carried(names, outputs):
    return dict(zip(names, outputs))


def read(notes, state):
    before, *after = past.run(["before"] + [f"{name}_out" for name in state], {"past": notes[..., :PAST], **state})
    return before, carried(state, after)


def look_ahead(notes, state):
    inputs = {"past": notes[..., :PAST], "ahead": notes[..., PAST:], **state}
    behind, *after = ahead.run(["behind", "h_out", "c_out"], inputs)
    return behind, carried(state, after)


def decode(before, behind, state):
    mean, spread, *after = decoder.run(
        ["mean", "spread", "h_out", "c_out"], {"before": before, "behind": behind, **state}
    )
    return mean, carried(state, after)


ENCODER_STATES = ("lower_h", "lower_c", "upper_h", "upper_c")


def hop():
    before, _ = read(rows[:HOP], zeros(BEFORE, ENCODER_STATES))
    behind, _ = look_ahead(rows[: 2 * HOP], zeros(BEHIND, "hc"))
    decode(before, behind[:HOP], zeros(DECODER, "hc"))


def take():
    pieces = [rows[first : first + PIECE] for first in range(0, TAKE, PIECE)]
    state, behind = zeros(BEHIND, "hc"), []
    for piece in reversed(pieces):
        found, state = look_ahead(piece, state)
        behind.insert(0, found)
    state, decoding = zeros(BEFORE, ENCODER_STATES), zeros(DECODER, "hc")
    for piece, found in zip(pieces, behind):
        before, state = read(piece, state)
        _, decoding = decode(before, found, decoding)


def median(run, rounds):
    times = []
    run()
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return sorted(times)[rounds // 2]


json.dump(
    [
        {"name": "hop.python", "unit": "µs", "found": median(hop, 400) * 1e6},
        {"name": "take.note.python", "unit": "notes/s", "found": TAKE / median(take, 11)},
    ],
    sys.stdout,
)
