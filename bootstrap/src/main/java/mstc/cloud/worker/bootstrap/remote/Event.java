package mstc.cloud.worker.bootstrap.remote;

import java.util.Optional;

/**
 * A server-sent event.
 *
 * @param name its type
 * @param data its lines, separated by line feeds
 * @param id where the stream can be continued after it; empty if it has none of its own
 */
public record Event(String name, String data, Optional<String> id) {}
