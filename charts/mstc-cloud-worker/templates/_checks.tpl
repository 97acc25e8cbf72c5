{{/* Fails for values that cannot work together, before anything is installed. */}}
{{- define "mstc-cloud-worker.checks" -}}
{{- $grace := include "mstc-cloud-worker.seconds" (dig "shutdown" "grace" "30s" .Values.config) | int }}
{{- if ge $grace (int .Values.terminationGracePeriodSeconds) }}
{{- fail (printf "terminationGracePeriodSeconds (%d) must exceed config.shutdown.grace (%d seconds), or the pod is killed while it stops." (int .Values.terminationGracePeriodSeconds) $grace) }}
{{- end }}
{{- $spool := dig "runtime" "kubernetes" "spool-mebibytes" 10240 .Values.config | float64 }}
{{- with dig "limits" "ephemeral-storage" "" .Values.resources }}
{{- if ge $spool (include "mstc-cloud-worker.mebibytes" . | float64) }}
{{- fail (printf "resources.limits.ephemeral-storage (%v) must exceed config.runtime.kubernetes.spool-mebibytes (%v), or the pod is evicted before the spool is full." . $spool) }}
{{- end }}
{{- end }}
{{- with .Values.service }}
{{- if and .nodePort (ne .type "NodePort") }}
{{- fail (printf "service.nodePort needs service.type NodePort, but it is %s; set nodePort to 0." .type) }}
{{- end }}
{{- if and .loadBalancerSourceRanges (ne .type "LoadBalancer") }}
{{- fail (printf "service.loadBalancerSourceRanges needs service.type LoadBalancer, but it is %s, and everyone could connect." .type) }}
{{- end }}
{{- end }}
{{- range $label, $_ := include "mstc-cloud-worker.selector" . | fromYaml }}
{{- if hasKey $.Values.podLabels $label }}
{{- fail (printf "podLabels must not set %s, by which the pods are found." $label) }}
{{- end }}
{{- end }}
{{- if and .Values.http.token .Values.http.existingSecret }}
{{- fail "http.token and http.existingSecret exclude each other: the token is in the Secret." }}
{{- end }}
{{- if and .Values.workQueue.existingSecret (index .Values "mstc-work-queue" "enabled") }}
{{- fail "workQueue.existingSecret is for an existing RabbitMQ; with mstc-work-queue.enabled use mstc-work-queue.auth.existingSecret." }}
{{- end }}
{{- if and .Values.objectStore.existingSecret .Values.minio.enabled }}
{{- fail "objectStore.existingSecret is for an existing store; with minio.enabled use minio.auth.existingSecret." }}
{{- end }}
{{- if and .Values.serviceAccount.annotations (not .Values.serviceAccount.create) }}
{{- fail "serviceAccount.annotations need serviceAccount.create; an account made by hand is annotated by hand." }}
{{- end }}
{{- include "mstc-cloud-worker.jobChecks" . }}
{{- end }}

{{- define "mstc-cloud-worker.jobChecks" -}}
{{- with .Values.jobs }}
{{- if ne (empty .credentials.accessKey) (empty .credentials.secretKey) }}
{{- fail "jobs.credentials need both accessKey and secretKey." }}
{{- end }}
{{- if and .credentials.accessKey .credentialsSecret }}
{{- fail "jobs.credentials and jobs.credentialsSecret exclude each other: the Secret has the credentials." }}
{{- end }}
{{- end }}
{{- $elsewhere := ne (include "mstc-cloud-worker.jobsNamespace" .) .Release.Namespace }}
{{- $own := or .Values.jobs.credentials.accessKey .Values.jobs.credentialsSecret (dig "jobs" "credentials-secret" "" .Values.config) }}
{{- if and $elsewhere (not $own) (include "mstc-cloud-worker.storeSecret" .) }}
{{- fail (printf "jobs.credentials, or jobs.credentialsSecret for a Secret in the namespace %s, must give jobs a user at the store: there they cannot use the worker's Secret." .Values.jobs.namespace) }}
{{- end }}
{{- with .Values.jobs.networkPolicy }}
{{- if and .enabled (not $.Values.minio.enabled) (not .egress) }}
{{- fail "jobs.networkPolicy.egress must admit jobs to the store: without minio, the chart does not know where it is." }}
{{- end }}
{{- end }}
{{- end }}

{{/* The whole seconds in a duration such as 30s, 5m or PT1M30S. */}}
{{- define "mstc-cloud-worker.seconds" -}}
{{- $text := upper . }}
{{- $seconds := 0 }}
{{- range $unit, $each := dict "D" 86400 "H" 3600 "M" 60 "S" 1 }}
{{- with regexFind (printf "[0-9]+%s" $unit) $text }}
{{- $seconds = add $seconds (mul (trimSuffix $unit . | atoi) $each) }}
{{- end }}
{{- end }}
{{- $seconds }}
{{- end }}

{{/* The mebibytes in a quantity such as 12Gi, 500M or 1e9. */}}
{{- define "mstc-cloud-worker.mebibytes" -}}
{{- $text := toString . }}
{{- $bytes := regexFind "^[0-9.]+([eE][0-9]+)?" $text | float64 }}
{{- range $unit, $each := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 }}
{{- if regexMatch (printf "^[0-9.]+%s$" $unit) $text }}
{{- $bytes = mulf $bytes $each }}
{{- end }}
{{- end }}
{{- divf $bytes 1048576.0 }}
{{- end }}
