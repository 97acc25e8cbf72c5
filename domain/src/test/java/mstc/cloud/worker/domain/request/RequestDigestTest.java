package mstc.cloud.worker.domain.request;

import static mstc.cloud.worker.domain.request.WorkRequests.aFullWorkRequest;
import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.InvalidValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestDigestTest {
  /** The full request with another value, or the same value spelled differently. */
  record Change(String name, UnaryOperator<WorkRequest.Builder> change) {
    WorkRequest request() {
      return change.apply(aFullWorkRequest()).build();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Change> changes() {
    return Stream.of(
        new Change("image", r -> r.image("alpine:4")),
        new Change("jobName", r -> r.jobName("mesher")),
        new Change("inputBucket", r -> r.inputBucket("inputs2")),
        new Change("outputBucket", r -> r.outputBucket("outputs2")),
        new Change("buckets swapped", r -> r.inputBucket("outputs").outputBucket("inputs")),
        new Change("timeOut", r -> r.timeoutMinutes(91)),
        new Change("prefix", r -> r.prefix("runs/43")),
        new Change("no prefix", r -> r.prefix(null)),
        new Change("command", r -> r.command(List.of("solve"))),
        new Change("command in one word", r -> r.command(List.of("solve --fast"))),
        new Change(
            "a word from args",
            r -> r.command(List.of("solve", "--fast", "mesh.msh")).args(List.of("-n", "8"))),
        new Change("args", r -> r.args(List.of("mesh.msh", "8", "-n"))),
        new Change("an empty argument more", r -> r.args(List.of("mesh.msh", "-n", "8", ""))),
        new Change("env value", r -> r.env(Map.of("THREADS", "9", "EMPTY", ""))),
        new Change("env name", r -> r.env(Map.of("THREAD", "8", "EMPTY", ""))),
        new Change("env without the empty one", r -> r.env(Map.of("THREADS", "8"))),
        new Change("cpu", r -> r.cpu("1.6")),
        new Change("no cpu", r -> r.cpu(null)),
        new Change("memory", r -> r.memory("2G")),
        new Change("cpu and memory swapped", r -> r.cpu("2").memory("1")),
        new Change("gpu", r -> r.gpu(2)),
        new Change("no gpu", r -> r.gpu(0)),
        new Change("retries", r -> r.retries(3)),
        new Change(
            "label value", r -> r.labels(Map.of("team", "heat", "example.org/cost-center", "A-7"))),
        new Change(
            "env as labels", r -> r.env(Map.of()).labels(Map.of("THREADS", "8", "EMPTY", ""))));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void aRequestForSomethingElseHasAnotherDigest(Change change) {
    // given
    List<RequestDigest> others =
        Stream.concat(
                Stream.of(aFullWorkRequest().build()),
                changes().filter(other -> !other.name().equals(change.name())).map(Change::request))
            .map(WorkRequest::digest)
            .toList();

    // when
    RequestDigest digest = change.request().digest();

    // then
    assertThat(others).doesNotContain(digest);
  }

  @Test
  void everyFieldIsChangedByACase() {
    // given
    List<String> cases = changes().map(Change::name).toList();

    // then: a new field of requests needs a case here, and a place among the
    // laterFields of the digest; the digests of theDigestStaysTheSameThroughVersions stay as they
    // are
    assertThat(WorkRequest.class.getRecordComponents())
        .extracting(component -> component.getName())
        .containsExactly(
            "image",
            "jobName",
            "inputBucket",
            "outputBucket",
            "timeout",
            "prefix",
            "command",
            "args",
            "env",
            "resources",
            "retries",
            "labels");
    assertThat(cases).doesNotHaveDuplicates();
  }

  static Stream<Change> otherSpellings() {
    Map<String, String> otherOrder = new LinkedHashMap<>();
    otherOrder.put("THREADS", "8");
    otherOrder.put("EMPTY", "");
    return Stream.of(
        new Change("timeOut", r -> r.timeoutMinutes("9e1")),
        new Change("env in another order", r -> r.env(otherOrder)),
        new Change("cpu in thousandths", r -> r.cpu("1500m")),
        new Change("cpu with a zero", r -> r.cpu("1.50")),
        new Change("memory in MiB", r -> r.memory("2048Mi")),
        new Change("memory in bytes", r -> r.memory("2147483648")));
  }

  @ParameterizedTest
  @MethodSource("otherSpellings")
  void aRequestForTheSameHasTheSameDigest(Change spelling) {
    assertThat(spelling.request().digest()).isEqualTo(aFullWorkRequest().build().digest());
  }

  @Test
  void aDefaultIsTheSameAsItsValue() {
    assertThat(aWorkRequest().outputBucket("inputs").timeoutMinutes(15).build().digest())
        .isEqualTo(aWorkRequest().build().digest());
  }

  @Test
  void theDigestStaysTheSameThroughVersions() {
    assertThat(aWorkRequest().build().digest())
        .hasToString("ee6dfabcbb6dd55b5d69b46d54d2337d727c365be1b2ea4eeb0cc7c3656de3ee");
    assertThat(aFullWorkRequest().build().digest())
        .hasToString("63b889a647336abd82ac194ddeade1b3b6617a71c32d49c7e7e9a80e6e3945e7");
  }

  @Test
  void aLaterFieldThatIsNotGivenChangesNoDigest() {
    // given
    SortedMap<String, String> none = new TreeMap<>();

    // then
    assertThat(aWorkRequest().build().digest(none))
        .hasToString("ee6dfabcbb6dd55b5d69b46d54d2337d727c365be1b2ea4eeb0cc7c3656de3ee");
    assertThat(aFullWorkRequest().build().digest(none))
        .hasToString("63b889a647336abd82ac194ddeade1b3b6617a71c32d49c7e7e9a80e6e3945e7");
  }

  @Test
  void aLaterFieldThatIsGivenHasADigestOfItsOwnThroughVersions() {
    // given
    SortedMap<String, String> later = new TreeMap<>(Map.of("workDir", "/work", "node", "fast"));

    // then
    assertThat(aWorkRequest().build().digest(later))
        .hasToString("e88b873e3c344a8bc8c329dbe88ff95b487098797d2be19c8f8959e4c9a8cf27");
  }

  @Test
  void laterFieldsAreConfusedNeitherWithEachOtherNorWithTheFrozenOnes() {
    // given
    List<Map<String, String>> given =
        List.of(
            Map.of(),
            Map.of("", ""),
            Map.of("a", ""),
            Map.of("", "a"),
            Map.of("a", "b"),
            Map.of("b", "a"),
            Map.of("ab", ""),
            Map.of("", "ab"),
            Map.of("a", "bc"),
            Map.of("ab", "c"),
            Map.of("a", "b", "c", "d"),
            Map.of("a", "b\0\0\0\1c\0\0\0\1d"),
            Map.of("a", "d", "c", "b"),
            Map.of("team", "heat"),
            Map.of("labels", "team"));

    // when
    List<RequestDigest> digests =
        Stream.of(
                aWorkRequest().build(),
                aWorkRequest().labels(Map.of("team", "heat")).build(),
                aWorkRequest().labels(Map.of("a", "b")).build(),
                aWorkRequest().labels(Map.of("a", "b", "c", "d")).build(),
                aFullWorkRequest().build())
            .flatMap(request -> given.stream().map(later -> request.digest(new TreeMap<>(later))))
            .toList();

    // then
    assertThat(digests).doesNotHaveDuplicates();
  }

  @Test
  void aWrittenDigestIsReadAgain() {
    // given
    RequestDigest digest = aWorkRequest().build().digest();

    // then
    assertThat(RequestDigest.parse(digest.toString())).hasValue(digest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
      })
  void whatIsNoDigestIsRefused(String text) {
    assertThat(RequestDigest.parse(text)).isEmpty();
    assertThatThrownBy(() -> new RequestDigest(text)).isInstanceOf(InvalidValueException.class);
  }
}
