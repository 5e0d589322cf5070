{{- define "stator.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "stator.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stator.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "stator.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* How callers are checked: the one way that is chosen. */}}
{{- define "stator.callers" -}}
{{- $chosen := list -}}
{{- if .Values.callers.authKeySecret -}}{{- $chosen = append $chosen "auth" -}}{{- end -}}
{{- if .Values.callers.credentialsSecret -}}{{- $chosen = append $chosen "credentials" -}}{{- end -}}
{{- if .Values.callers.allowUnverified -}}{{- $chosen = append $chosen "unverified" -}}{{- end -}}
{{- if ne (len $chosen) 1 -}}
{{- fail "how are callers checked? set exactly one of callers.authKeySecret, callers.credentialsSecret and callers.allowUnverified" -}}
{{- end -}}
{{- $only := first $chosen -}}
{{- if and .Values.isolate (ne $only "unverified") -}}
{{- fail "isolate is for callers.allowUnverified: with the others each account and region always has its own tables" -}}
{{- end -}}
{{- $only -}}
{{- end -}}

{{- define "stator.scheme" -}}
{{- if .Values.tls.secret -}}https{{- else -}}http{{- end -}}
{{- end -}}

{{- define "stator.labels" -}}
{{ include "stator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
