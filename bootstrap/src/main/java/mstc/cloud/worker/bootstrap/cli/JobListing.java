package mstc.cloud.worker.bootstrap.cli;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Jobs that match, as the worker shows them.
 *
 * @param total how many match in all
 */
record JobListing(List<JsonNode> jobs, int total) {
  JobListing {
    jobs = List.copyOf(jobs);
  }
}
