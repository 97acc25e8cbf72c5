package mstc.cloud.worker.domain.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.JobIdentity.Correlation;
import mstc.cloud.worker.domain.job.JobIdentity.IdempotencyKey;
import mstc.cloud.worker.domain.job.JobIdentity.Unique;
import mstc.cloud.worker.domain.request.RequestDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JobIdentityTest {
  private static final RequestDigest DIGEST = new RequestDigest("0a".repeat(32));
  private static final RequestDigest OTHER_DIGEST = new RequestDigest("0b".repeat(32));

  static Stream<JobIdentity> identities() {
    return Stream.of(
        new IdempotencyKey(""),
        new IdempotencyKey("a"),
        new IdempotencyKey("a" + DIGEST),
        new Correlation("", Optional.empty(), DIGEST),
        new Correlation("a", Optional.empty(), DIGEST),
        new Correlation("a", Optional.empty(), OTHER_DIGEST),
        new Correlation("a", Optional.of(""), DIGEST),
        new Correlation("a", Optional.of("b"), DIGEST),
        new Correlation("b", Optional.of("a"), DIGEST),
        new Correlation("ab", Optional.empty(), DIGEST),
        new Correlation("ab", Optional.of(""), DIGEST));
  }

  @ParameterizedTest
  @MethodSource("identities")
  void theUuidOfAKeyIsOfVersion8AndStaysTheSame(JobIdentity identity) {
    assertThat(identity.uuid().version()).isEqualTo(8);
    assertThat(identity.uuid().variant()).isEqualTo(2);
    assertThat(identity.uuid()).isEqualTo(identity.uuid());
  }

  @Test
  void differentIdentitiesHaveDifferentUuids() {
    assertThat(identities().map(JobIdentity::uuid)).doesNotHaveDuplicates();
  }

  @Test
  void versionAndVariantAreRightWhateverTheHash() {
    assertThat(
            Stream.iterate(0, i -> i + 1)
                .limit(1000)
                .map(i -> new IdempotencyKey("key " + i).uuid()))
        .allMatch(uuid -> uuid.version() == 8 && uuid.variant() == 2)
        .doesNotHaveDuplicates();
  }

  @Test
  void aMessageLikeNoOtherHasARandomUuid() {
    // when
    List<Unique> uniques = Stream.generate(Unique::random).limit(100).toList();

    // then: never one of a key, which has another version
    assertThat(uniques).doesNotHaveDuplicates().allMatch(unique -> unique.uuid().version() == 4);
  }

  @Test
  void theUuidsStayTheSameThroughVersions() {
    assertThat(new IdempotencyKey("key-1").uuid())
        .hasToString("f1f50d4e-ec63-8674-8d49-0324fbc41e6c");
    assertThat(new Correlation("corr-1", Optional.of("replies"), DIGEST).uuid())
        .hasToString("9bb2ceba-86ee-871d-a87b-1472bc5d3ede");
    assertThat(new Correlation("corr-1", Optional.empty(), DIGEST).uuid())
        .hasToString("deaf68b4-9014-86e1-b016-f19157471160");
  }
}
