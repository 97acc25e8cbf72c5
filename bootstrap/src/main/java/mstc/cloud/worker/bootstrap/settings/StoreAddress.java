package mstc.cloud.worker.bootstrap.settings;

import java.net.URI;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.domain.request.JobVariables;

/**
 * Where jobs find the object store; all empty for Amazon S3 itself.
 *
 * @param host a name or an address, IPv6 without brackets
 */
record StoreAddress(Optional<String> host, Optional<Integer> port, Optional<URI> endpoint) {
  /** What signing requires if a store has no regions of its own. */
  private static final String DEFAULT_REGION = "us-east-1";

  /** Where the worker reaches it. */
  static StoreAddress of(StoreSettings store) {
    return store
        .endpoint()
        .map(StoreAddress::of)
        .orElseGet(() -> new StoreAddress(Optional.empty(), Optional.empty(), Optional.empty()));
  }

  /**
   * @param endpoint an http or https URL with a host and no user
   */
  static StoreAddress of(URI endpoint) {
    ServerAddress server = ServerAddress.of(endpoint);
    return new StoreAddress(
        Optional.of(server.host()), Optional.of(server.port()), Optional.of(endpoint));
  }

  /**
   * @param host a name or an address, IPv6 without brackets
   */
  static URI url(String scheme, String host, int port) {
    String authority = host.indexOf(':') < 0 ? host : '[' + host + ']';
    return URI.create(scheme + "://" + authority + ":" + port);
  }

  /** What jobs are told of it, in the names of the wire contract. */
  SortedMap<String, String> environment(StoreSettings store) {
    SortedMap<String, String> environment = new TreeMap<>();
    host.ifPresent(name -> environment.put(JobVariables.MINIO_HOST, name));
    port.ifPresent(number -> environment.put(JobVariables.MINIO_PORT, number.toString()));
    endpoint.ifPresent(url -> environment.put(JobVariables.AWS_ENDPOINT_URL, url.toString()));
    environment.put(JobVariables.AWS_REGION, store.region().orElse(DEFAULT_REGION));
    return environment;
  }
}
