package mstc.cloud.worker.adapters.k8s.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A watch on pods that a test cuts, in a time of its own. */
class CheckedWatchTest {
  private static final Duration LONGEST = Duration.ofMinutes(5);

  private final Cluster cluster = new Cluster();
  private final Map<String, Pod> known = new LinkedHashMap<>();
  private final CheckedWatch<Pod> watch =
      new CheckedWatch<>(
          "pods",
          cluster,
          this::know,
          pod -> known.remove(pod.getMetadata().getUid()),
          (uids, version) -> known.keySet().retainAll(uids),
          cluster,
          LONGEST);

  private boolean know(Pod pod) {
    return !pod.equals(known.put(pod.getMetadata().getUid(), pod));
  }

  /** Some pods, whoever watches them, and the time. */
  private static final class Cluster implements CheckedWatch.Items<Pod>, Timer {
    private final List<Pod> pods = new ArrayList<>();
    private final List<Consumer<Pod>> watching = new ArrayList<>();
    private final List<Consumer<Pod>> watchingEnds = new ArrayList<>();
    private Duration time = Duration.ZERO;
    private int begun;
    private int lists;
    private boolean away;

    /** What is on its way to the watch comes while it is rested. */
    private Runnable onItsWay = () -> {};

    @Override
    public Runnable watch(Consumer<Pod> update, Consumer<Pod> remove) {
      begun++;
      watching.add(update);
      watchingEnds.add(remove);
      pods.forEach(update);
      return () -> {
        watching.remove(update);
        watchingEnds.remove(remove);
      };
    }

    @Override
    public KubernetesResourceList<Pod> list() {
      lists++;
      if (away) {
        throw new KubernetesClientException("away");
      }
      return new PodListBuilder()
          .withNewMetadata()
          .withResourceVersion("9")
          .endMetadata()
          .withItems(pods)
          .build();
    }

    Pod create(String uid) {
      Pod pod = new PodBuilder().withNewMetadata().withUid(uid).endMetadata().build();
      pods.add(pod);
      return pod;
    }

    void cut() {
      watching.clear();
    }

    void tell(Pod pod) {
      watching.forEach(each -> each.accept(pod));
    }

    void tellGone(Pod pod) {
      watchingEnds.forEach(each -> each.accept(pod));
    }

    @Override
    public Instant now() {
      return Instant.EPOCH.plus(time);
    }

    @Override
    public long nanos() {
      return time.toNanos();
    }

    @Override
    public void rest(Duration atMost) {
      time = time.plus(atMost);
      onItsWay.run();
    }

    @Override
    public void wake() {
      throw new AssertionError("nobody wakes it");
    }
  }

  /** Time passes, and the watch is looked at each second. */
  private void pass(Duration duration) throws InterruptedException {
    for (Duration end = cluster.time.plus(duration); cluster.time.compareTo(end) < 0; ) {
      cluster.time = cluster.time.plusSeconds(1);
      watch.look();
    }
  }

  @Test
  void aWatchThatWasCutUnnoticedIsBegunAnew() throws InterruptedException {
    // given
    watch.begin();
    cluster.cut();
    cluster.create("missed");

    // when
    pass(Duration.ofSeconds(29));
    boolean early = known.containsKey("missed");
    pass(Duration.ofSeconds(1));

    // then
    assertThat(early).isFalse();
    assertThat(known).containsKey("missed");
    assertThat(cluster.begun).isEqualTo(2);
    cluster.tell(cluster.create("next"));
    assertThat(known).containsKey("next");
    assertThat(cluster.watching).hasSize(1);
  }

  @Test
  void itsSilenceCountsFromTheLastReportOrList() throws InterruptedException {
    // given
    watch.begin();
    List<Duration> silences = new ArrayList<>();

    // when
    cluster.time = cluster.time.plusSeconds(20);
    silences.add(watch.silence());
    cluster.tell(cluster.create("told"));
    silences.add(watch.silence());
    cluster.time = cluster.time.plusSeconds(25);
    silences.add(watch.silence());
    watch.list();
    silences.add(watch.silence());
    cluster.away = true;
    pass(Duration.ofMinutes(3));
    silences.add(watch.silence());

    // then
    assertThat(silences)
        .containsExactly(
            Duration.ofSeconds(20),
            Duration.ZERO,
            Duration.ofSeconds(25),
            Duration.ZERO,
            Duration.ofMinutes(3));
  }

  @Test
  void afterALongSilenceWhatIsExpectedIsMissedAsSoon() throws InterruptedException {
    // given
    watch.begin();
    pass(Duration.ofHours(1));
    cluster.cut();
    cluster.create("missed");

    // when
    watch.expectNews();
    pass(Duration.ofSeconds(30));

    // then
    assertThat(known).containsKey("missed");
    assertThat(cluster.begun).isEqualTo(2);
  }

  @Test
  void aWatchThatIsOnlyLateIsNot() throws InterruptedException {
    // given
    watch.begin();
    Pod late = cluster.create("late");
    cluster.onItsWay = () -> cluster.tell(late);

    // when
    pass(Duration.ofSeconds(35));

    // then
    assertThat(known).containsKey("late");
    assertThat(cluster.begun).isEqualTo(1);
  }

  @Test
  void whileNothingHappensItIsListedSeldom() throws InterruptedException {
    // given
    cluster.create("there");
    watch.begin();

    // when
    pass(Duration.ofMinutes(30));

    // then
    assertThat(cluster.lists).isEqualTo(8);
    assertThat(cluster.begun).isEqualTo(1);
  }

  @Test
  void aWatchThatTellsIsNotListed() throws InterruptedException {
    // given
    Pod pod = cluster.create("busy");
    watch.begin();

    // when
    for (int i = 0; i < 100; i++) {
      pass(Duration.ofSeconds(20));
      cluster.tell(pod);
    }

    // then
    assertThat(cluster.lists).isZero();
  }

  @Test
  void whatIsGoneIsKnownToBe() throws InterruptedException {
    // given
    cluster.create("gone");
    watch.begin();
    cluster.cut();
    cluster.pods.clear();

    // when
    pass(Duration.ofSeconds(40));

    // then
    assertThat(known).isEmpty();
  }

  @Test
  void aClusterThatIsAwayIsAskedAgain() throws InterruptedException {
    // given
    watch.begin();
    cluster.cut();
    cluster.create("missed");
    cluster.away = true;
    pass(Duration.ofSeconds(30));

    // when
    cluster.away = false;
    pass(Duration.ofSeconds(60));

    // then
    assertThat(known).containsKey("missed");
  }

  @Test
  void aWatchThatOnlyTellsOfWhatIsGoneIsNotListed() throws InterruptedException {
    // given
    watch.begin();

    // when
    for (int i = 0; i < 100; i++) {
      Pod pod = cluster.create("pod-" + i);
      cluster.pods.clear();
      watch.know(pod);
      pass(Duration.ofSeconds(20));
      cluster.tellGone(pod);
    }

    // then
    assertThat(known).isEmpty();
    assertThat(cluster.lists).isZero();
  }

  @Test
  void whoIsClosedWatchesNoLongerAndBeginsNothingAnew() {
    // given
    watch.begin();

    // when
    watch.close();
    watch.begin();

    // then
    assertThat(cluster.watching).isEmpty();
    assertThat(cluster.begun).isEqualTo(1);
  }

  @Test
  void whoIsClosedBeforeItIsBegunWatchesNothing() {
    // when
    watch.close();
    watch.begin();

    // then
    assertThat(cluster.begun).isZero();
  }

  /** The thread that looks is the only one that begins a watch anew; whoever closes is another. */
  @Test
  void aWatchThatIsClosedWhileItIsBegunAnewIsStopped() throws Exception {
    // given
    watch.begin();
    cluster.cut();
    cluster.create("missed");
    cluster.onItsWay = watch::close;

    // when
    pass(Duration.ofSeconds(40));

    // then
    assertThat(cluster.begun).isEqualTo(1);
    assertThat(cluster.watching).isEmpty();
  }
}
