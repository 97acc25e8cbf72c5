package mstc.cloud.worker.bootstrap.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {
  private static final String PROXY = "http://proxy:3128";

  private static LoadedConfiguration<WorkerConfiguration> read(Map<String, String> environment) {
    Map<String, String> local = new HashMap<>(environment);
    local.put("MSTC_RUNTIME_TYPE", "local");
    return WorkerTree.read(ConfigurationSources.ofEnvironment(local));
  }

  private static String proxyOf(String server, Map<String, String> environment) {
    return read(environment)
        .configuration()
        .proxies()
        .apply(URI.create(server))
        .map(URI::toString)
        .orElse("direct");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // A name, and what is beneath it.
        "example.com             | http://example.com:9000          | direct",
        "example.com             | http://a.b.example.com:9000      | direct",
        "Example.COM.            | http://A.example.com.            | direct",
        "example.com             | http://notexample.com            | proxy",
        "example.com             | http://example.com.evil.org      | proxy",
        "my_minio                | http://my_minio:9000             | direct",
        // What is beneath a name.
        ".example.com            | http://a.example.com             | direct",
        ".example.com            | http://example.com               | proxy",
        "*.example.com           | http://a.example.com             | direct",
        "*.example.com           | http://example.com               | proxy",
        // Everything.
        "*                       | http://example.com               | direct",
        "a,*                     | https://[2001:db8::1]:6443       | direct",
        // Addresses.
        "10.1.2.3                | http://10.1.2.3:9000             | direct",
        "10.1.2.3                | http://10.1.2.30:9000            | proxy",
        "10.1.2.3                | http://a.10.1.2.3.example.org    | proxy",
        "2001:db8::1             | https://[2001:db8:0::1]:6443     | direct",
        "[2001:db8::1]           | https://[2001:db8::1]            | direct",
        "2001:db8::1             | https://[2001:db8::2]            | proxy",
        // Ranges of addresses.
        "10.0.0.0/8              | https://10.96.0.1                | direct",
        "10.0.0.0/8              | https://11.96.0.1                | proxy",
        "10.96.0.0/12            | https://10.111.255.255           | direct",
        "10.96.0.0/12            | https://10.112.0.0               | proxy",
        "10.0.0.0/8              | https://ten.example.com          | proxy",
        "10.0.0.1/32             | https://10.0.0.1                 | direct",
        "0.0.0.0/0               | https://192.0.2.1                | direct",
        "0.0.0.0/0               | https://[2001:db8::1]            | proxy",
        "2001:db8::/33           | https://[2001:db8:7fff::1]       | direct",
        "2001:db8::/33           | https://[2001:db8:8000::1]       | proxy",
        // Ports.
        "example.com:9000        | http://a.example.com:9000        | direct",
        "example.com:9000        | http://example.com:9001          | proxy",
        "example.com:80          | http://example.com               | direct",
        "example.com:443         | https://example.com              | direct",
        "10.1.2.3:9000           | http://10.1.2.3:9001             | proxy",
        "[2001:db8::1]:6443      | https://[2001:db8::1]:6443       | direct",
        "[2001:db8::1]:6443      | https://[2001:db8::1]            | proxy",
        // Blanks, and entries that say nothing.
        "a.org, example.com      | http://example.com               | direct",
        "a.org example.com       | http://example.com               | direct",
        "' ,, a.org,	example.com ' | http://example.com               | direct",
        "http://x/, 10.0.0.0/99, example.com | http://example.com   | direct",
        "http://x/, 10.0.0.0/99, example.com | https://10.0.0.1     | proxy",
        // Loopback has never a proxy.
        "''                      | http://localhost:9000            | direct",
        "''                      | http://127.0.0.1:9000            | direct",
        "''                      | http://127.8.8.8:9000            | direct",
        "''                      | http://[::1]:9000                | direct",
        "''                      | http://minio:9000                | proxy",
        "''                      | http://minio.mstc.svc:9000       | proxy",
      })
  void noProxyNamesWhatIsReachedDirectly(String noProxy, String server, String expected) {
    // given
    Map<String, String> environment =
        Map.of("HTTP_PROXY", PROXY, "HTTPS_PROXY", PROXY, "NO_PROXY", noProxy);

    // when
    String proxy = proxyOf(server, environment);

    // then
    assertThat(proxy).isEqualTo(expected.equals("proxy") ? PROXY : expected);
  }

  @ParameterizedTest
  @CsvSource({
    "https://10.96.0.1:443, direct",
    "http://minio:9000, direct",
    "http://minio.mstc-dev.svc:9000, direct",
    "http://minio.mstc-dev.svc.cluster.local:9000, direct",
    "https://s3.eu-central-1.amazonaws.com, http://proxy:3128",
    "https://10.96.0.2, http://proxy:3128",
  })
  void whatIsInThePodsClusterIsReachedDirectly(String server, String expected) {
    // given
    Map<String, String> environment =
        Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1", "HTTP_PROXY", PROXY, "HTTPS_PROXY", PROXY);

    // when
    String proxy = proxyOf(server, environment);

    // then
    assertThat(proxy).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "http_proxy, http://a:1, http://far.test, http://a:1",
    "https_proxy, http://a:1, https://far.test, http://a:1",
    "HTTP_PROXY, http://a:1, https://far.test, direct",
    "HTTPS_PROXY, http://a:1, http://far.test, direct",
    "HTTP_PROXY, a:1, http://far.test, http://a:1",
    "HTTP_PROXY, a, http://far.test, http://a:80",
    "HTTP_PROXY, '  http://a:1/ ', http://far.test, http://a:1",
    "HTTP_PROXY, http://me:p%40ss@a:1, http://far.test, http://me:p%40ss@a:1",
    "HTTP_PROXY, http://[::1]:1, http://far.test, http://[::1]:1",
    "HTTP_PROXY, ' ', http://far.test, direct",
  })
  void aProxyIsForOneScheme(String variable, String value, String server, String expected) {
    assertThat(proxyOf(server, Map.of(variable, value))).isEqualTo(expected);
  }

  @Test
  void capitalsHavePrecedenceAndAreSetIfNotEmpty() {
    assertThat(proxyOf("http://far.test", Map.of("HTTP_PROXY", "a:1", "http_proxy", "b:2")))
        .isEqualTo("http://a:1");
    assertThat(proxyOf("http://far.test", Map.of("HTTP_PROXY", "", "http_proxy", "b:2")))
        .isEqualTo("http://b:2");
    assertThat(
            proxyOf("http://far.test", Map.of("HTTP_PROXY", "a:1", "no_proxy", "far.test, other")))
        .isEqualTo("direct");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://me:hush@proxy:3128",
        "socks5://me:hush@proxy:1080",
        "http://me:hush@",
        "http://me:hush@proxy:99999",
        "http://me:hu sh@proxy:1",
        "http://me:hush@proxy/path",
      })
  void aProxyThatCannotBeUsedIsAProblemThatTellsNoPassword(String value) {
    // when
    ConfigurationException exception =
        catchThrowableOfType(
            ConfigurationException.class, () -> read(Map.of("HTTPS_PROXY", value)));

    // then
    assertThat(exception.problems())
        .containsExactly(
            "variable HTTPS_PROXY must be the URL of an HTTP proxy such as http://proxy:3128");
  }

  @Test
  void theirPasswordsAreNotShown() {
    assertThat(read(Map.of("HTTP_PROXY", "http://me:hush@proxy:3128")).configuration().proxies())
        .asString()
        .contains("proxy:3128")
        .doesNotContain("hush");
  }

  @Test
  void anExceptionThatSaysNothingIsAWarning() {
    assertThat(read(Map.of("NO_PROXY", "a.org, http://x/")).warnings())
        .containsExactly(
            "variable NO_PROXY: \"http://x/\" names no server and has no effect; it may have"
                + " names, addresses and ranges such as 10.0.0.0/8");
  }
}
