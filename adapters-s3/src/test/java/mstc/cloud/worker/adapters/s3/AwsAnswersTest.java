package mstc.cloud.worker.adapters.s3;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

class AwsAnswersTest {
  private static AwsErrorDetails accessDenied(String service) {
    return AwsErrorDetails.builder().serviceName(service).errorCode("AccessDenied").build();
  }

  @Test
  void theStoresOwnCodesAreTaken() {
    assertThat(AwsAnswers.code(NoSuchKeyException.builder().build(), accessDenied("S3")))
        .isEqualTo("AccessDenied");
  }

  @Test
  void aRefusalByAnotherServiceIsNotTheStores() {
    assertThat(AwsAnswers.code(AwsServiceException.builder().build(), accessDenied("Sts")))
        .isEqualTo("Sts AccessDenied");
  }
}
