package mstc.cloud.worker.examples.render;

import java.util.List;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.store.BucketName;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JSON of frame requests, the same in files and on record. */
final class FrameFormat implements WorkFormat {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Reads a client's file. Never throws. */
  ParsedRequest read(String file) {
    try {
      return new ParsedRequest.Valid(parse(file), List.of());
    } catch (IllegalArgumentException e) {
      return new ParsedRequest.Unreadable(
          PrintableText.oneLine(String.valueOf(e.getMessage()), 300));
    }
  }

  @Override
  public Work parse(String text) {
    try {
      JsonNode json = MAPPER.readTree(text);
      return new FrameRequest(
          new JobName(json.path("scene").asString("")),
          json.path("firstFrame").asInt(0),
          json.path("lastFrame").asInt(0),
          new BucketName(json.path("outputBucket").asString("")));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  @Override
  public String format(Work work) {
    if (!(work instanceof FrameRequest request)) {
      throw new IllegalArgumentException("it asks for no frames: " + work.description());
    }
    return MAPPER
        .createObjectNode()
        .put("scene", request.jobName().value())
        .put("firstFrame", request.firstFrame())
        .put("lastFrame", request.lastFrame())
        .put("outputBucket", request.outputBucket().value())
        .toString();
  }
}
