package mstc.cloud.worker.adapters.k8s.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of the API server's refusals will not change, by its own words. */
class ApiErrorsTest {
  private static KubernetesClientException failed(int code, String words) {
    return new KubernetesClientException(
        new StatusBuilder().withCode(code).withMessage(words).build());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "403 | admission webhook \"policy\" denied the request: no image of this registry",
        "400 | admission webhook \"policy\" denied the request: the timeout is too long",
        "403 | pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot",
        "422 | Job.batch \"x\" is invalid: spec.template: Invalid value",
        "403 | jobs.batch \"x\" is forbidden: no PriorityClass with name team was found"
      })
  void aDenialWillNotChange(int code, String words) {
    assertThat(ApiErrors.isRefusal(failed(code, words))).isTrue();
    assertThat(ApiErrors.isForTheMoment(words)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "500 | Internal error occurred: failed calling webhook \"mesh\": failed to call webhook: x509:"
            + " certificate is invalid",
        "500 | etcdserver: leader changed",
        "429 | Too many requests, please try again later.",
        "504 | Timeout: request did not complete within requested timeout",
        "403 | pods \"x\" is forbidden: Post \"https://images/\": dial tcp: connection refused",
        "503 | no endpoints available for service \"mesh\""
      })
  void whoeverCouldNotBeAskedHasNotDenied(int code, String words) {
    assertThat(ApiErrors.isRefusal(failed(code, words))).isFalse();
    assertThat(ApiErrors.isForTheMoment(words)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jobs.batch \"x\" is forbidden: exceeded quota: team, requested: count/jobs.batch=1",
        "jobs.batch \"x\" is forbidden: status unknown for quota: team, resources: pods"
      })
  void aQuotaMayHaveRoomLater(String words) {
    assertThat(ApiErrors.isRefusal(failed(403, words))).isFalse();
    assertThat(ApiErrors.isForWantOfRoom(words)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jobs.batch is forbidden: User \"mstc\" cannot create resource \"jobs\" in API group",
        "jobs.batch \"x\" is forbidden: unable to create new content in namespace team because it is"
            + " being terminated"
      })
  void whatIsNotTheJobsFaultIsNoRefusal(String words) {
    assertThat(ApiErrors.isRefusal(failed(403, words))).isFalse();
  }
}
