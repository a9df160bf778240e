{{- define "livingmap.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "livingmap.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "livingmap.labels" -}}
{{ include "livingmap.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "livingmap.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* The setting `url` of a section, whether the configuration or the environment has it. */}}
{{- define "livingmap.url" -}}
{{- $variable := printf "LIVINGMAP_%s__URL" (upper .section) -}}
{{- $section := get (fromYaml .root.Values.config) .section | default dict -}}
{{- $url := $section.url | default "" -}}
{{- range .root.Values.env }}{{ if eq .name $variable }}{{ $url = .value | default "secret" }}{{ end }}{{ end -}}
{{ $url }}
{{- end }}

{{- /* Whether several processes share a log: only then two may run at once. */}}
{{- define "livingmap.shared" -}}
{{- $nats := (fromYaml .Values.config).nats | default dict -}}
{{- if and (include "livingmap.url" (dict "root" . "section" "nats")) (ne (toString $nats.jetstream) "false") }}yes{{ end }}
{{- end }}

{{- define "livingmap.history" -}}
{{ include "livingmap.url" (dict "root" . "section" "history") }}
{{- end }}

{{- define "livingmap.check" -}}
{{- $config := fromYaml .Values.config }}
{{- with $config.Error }}
{{- fail (printf "config: is not YAML: %s" .) }}
{{- end }}
{{- if has (include "livingmap.history" .) (list "" "embedded") }}
{{- fail "config: the image has no PostgreSQL: set history.url to postgresql://user@host/database or to memory:" }}
{{- end }}
{{- if gt (int .Values.replicas) 1 }}
{{- if not (include "livingmap.shared" .) }}
{{- fail "replicas: more than one process needs a shared log: set nats.url in config, with JetStream" }}
{{- end }}
{{- if hasPrefix "memory:" (include "livingmap.history" .) }}
{{- fail "replicas: more than one process needs a shared history: set history.url in config to a PostgreSQL" }}
{{- end }}
{{- end }}
{{- if and .Values.serviceMonitor.tokenKey (not .Values.secret) }}
{{- fail "serviceMonitor.tokenKey: is a key of a Secret: set secret to its name" }}
{{- end }}
{{- end }}
