"""Optional OpenTelemetry traces: one trace from the request through the queue to the worker's stages.

OpenTelemetry is not imported before `configure` gets a receiver; without one a span costs one check of a global. The
trace passes from process to process as the `traceparent` of W3C Trace Context (2021): in the caller's header, then in
the job's record. OTEL_* variables configure the exporter further, for example its headers.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from . import __version__
from .errors import TracingMissing

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from .settings import SharedSettings

Attributes: TypeAlias = Mapping[str, str | int | float]
_HEADER = "traceparent"
# For one batch of spans, retries included: a process must not wait at its end for a receiver that is away.
_EXPORT_SECONDS = 5.0
_NOTHING: AbstractContextManager[None] = nullcontext()
_tracer: "Tracer | None" = None


def configure(settings: "SharedSettings", part: str) -> None:
    """Start tracing as `photochrom-{part}`, if the settings name a receiver.

    Raises:
        TracingMissing: the settings name one, and OpenTelemetry is not installed.
    """
    global _tracer
    if not settings.traces:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    except ImportError as error:
        raise TracingMissing(
            "PHOTOCHROM_TRACES is set, but OpenTelemetry is not installed: run `pip install 'photochrom[tracing]'`, "
            "or unset PHOTOCHROM_TRACES."
        ) from error
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.trace_share),
        resource=Resource.create({"service.name": f"photochrom-{part}", "service.version": __version__}),
    )
    receiver = f"{settings.traces.rstrip('/')}/v1/traces"
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=receiver, timeout=_EXPORT_SECONDS))
    )
    _tracer = provider.get_tracer("photochrom", __version__)
    # The exporter logs each failure with a traceback; the first line is enough.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)


def on() -> bool:
    """Return whether spans are exported."""
    return _tracer is not None


def span(name: str) -> AbstractContextManager[None]:
    """Record what happens inside as a span of the current trace."""
    if _tracer is None:
        return _NOTHING
    return _span(_tracer, name)


def continued(name: str, parent: str, kind: str, attributes: Attributes) -> AbstractContextManager[None]:
    """Continue in this process the trace that `parent` (a traceparent; "" for none) began in another.

    Args:
        name: of the span.
        parent: the parent span; text that is not a traceparent begins a new trace.
        kind: SERVER or CONSUMER.
        attributes: of the span.
    """
    if _tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind

    return _span(_tracer, name, context=_context(parent), kind=SpanKind[kind], attributes=attributes)


def past(name: str, begin: datetime, end: datetime) -> None:
    """Add a finished span that belongs to no process: the time in the queue."""
    if _tracer is not None:
        _tracer.start_span(name, start_time=_nanoseconds(begin)).end(_nanoseconds(end))


def tell(attributes: Attributes) -> None:
    """Add attributes that became known later to the current span."""
    if _tracer is not None:
        from opentelemetry import trace

        trace.get_current_span().set_attributes(attributes)


def rename(name: str) -> None:
    """Rename the current span."""
    if _tracer is not None:
        from opentelemetry import trace

        trace.get_current_span().update_name(name)


def ids() -> dict[str, str]:
    """Return the fields of the current trace for a log line; empty where there is none."""
    if _tracer is None:
        return {}
    from opentelemetry import trace

    return {"trace_id": f"{trace.get_current_span().get_span_context().trace_id:032x}"}


def traceparent() -> str:
    """Return the traceparent for the next process; "" where nothing is traced."""
    if _tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(_HEADER, "")


@contextmanager
def _span(tracer: "Tracer", name: str, **how: Any) -> Iterator[None]:
    with tracer.start_as_current_span(name, **how):
        yield


def _context(parent: str) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: Mapping[str, str] = {_HEADER: parent}
    return TraceContextTextMapPropagator().extract(carrier, context=Context())


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
