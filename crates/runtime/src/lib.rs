//! Settings, tracing, the object graph, worker loops and shutdown: the composition root.
