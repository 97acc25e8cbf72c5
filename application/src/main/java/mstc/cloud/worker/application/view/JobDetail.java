package mstc.cloud.worker.application.view;

import java.util.Optional;
import mstc.cloud.worker.domain.view.JobSummary;

/**
 * One job, with its request.
 *
 * @param request in the format of the worker's requests; empty if it is no longer known
 */
public record JobDetail(JobSummary job, Optional<String> request) {}
