"""Records of a TensorBoard event file, as TensorBoard's own writer makes them, for
tests/train/event_file_test.cpp. Needs the packages tensorboard and protobuf."""
import io

from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def record(event):
    out = io.BytesIO()
    RecordWriter(out).write(event.SerializeToString(deterministic=True))
    return out.getvalue().hex()


def main():
    Event = event_pb2.Event
    print("version", record(Event(wall_time=1700000000.25, file_version="brain.Event:2")))
    session = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    print("session", record(Event(wall_time=1700000000.5, step=301, session_log=session)))
    event = Event(wall_time=1700000001.75, step=300)
    event.summary.value.add(tag="loss", simple_value=0.125)
    event.summary.value.add(tag="relative FID", simple_value=-3.0e-7)
    print("scalars", record(event))
    event = Event(wall_time=1700000001.75)
    event.summary.value.add(tag="t" * 200, simple_value=float("inf"))
    print("long", record(event))


if __name__ == "__main__":
    main()
