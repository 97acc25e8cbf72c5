{{/* The labels that select the pod. */}}
{{- define "minio.selector" -}}
app.kubernetes.io/name: minio
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "minio.labels" -}}
{{ include "minio.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | trunc 63 | quote }}
app.kubernetes.io/part-of: MSTC
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Fails for values that cannot work together, before anything is installed. */}}
{{- define "minio.checks" -}}
{{- if and .Values.auth.existingSecret (or .Values.auth.accessKey .Values.auth.secretKey) }}
{{- fail "minio.auth.existingSecret excludes accessKey and secretKey: they are in the Secret." }}
{{- end }}
{{- if and .Values.persistence.existingClaim (not .Values.persistence.enabled) }}
{{- fail "minio.persistence.existingClaim needs persistence.enabled, or nothing is kept on it." }}
{{- end }}
{{- end }}
