"""What secrets look like: the shapes of well-known credentials, and the words in their names.

The idea of a table of named patterns, and many of the prefixes in it, come from detect-secrets
(https://github.com/Yelp/detect-secrets); lengths are as the issuers document them, or shorter.

All patterns are strings: hardly any configuration has one of the marks, so hardly any pattern is
ever compiled.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """A kind of credential.

    `marks` are strings in lower case, one of which every such credential contains if case is
    ignored. `pattern` is a regular expression; its group `secret`, if it has one, is the part to
    hide, else all of the match is.
    """

    kind: str
    marks: tuple[str, ...]
    pattern: str


# No letter, digit, "-" or "_" before a token: `risk-…` does not contain an `sk-…`.
_START = r"(?<![A-Za-z0-9_-])"

SHAPES = (
    Shape("a password in a URL", ("://",), r"://[^/\s:@]*:(?P<secret>[^/\s@]+)@"),
    Shape(
        "a token in a URL",
        ("://",),
        r"://(?P<secret>[0-9a-fA-F]{16,}|(?=[^/\s:@]*[0-9])[^/\s:@]{20,})@",
    ),
    Shape(
        "a password in a DSN",
        ("@tcp(", "@unix("),
        r"[^\s:/@]{1,64}:(?P<secret>[^\s@]{1,256})@(tcp|unix)\(",
    ),
    Shape(
        "an Azure key",
        ("accountkey=", "sharedaccesskey=", "sharedaccesssignature="),
        r"(?i)(AccountKey|SharedAccessKey|SharedAccessSignature)=(?P<secret>[^;\s]+)",
    ),
    Shape("a SAS signature", ("sig=",), r"(?i)(?:^|[?&;])sig=(?P<secret>[^&;\s]+)"),
    Shape("an Azure client secret", ("8q~",), r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{30,}"),
    Shape("a private key", ("private key",), r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*"),
    Shape("a private key", ("putty-user-key",), r"(?s)PuTTY-User-Key-File.*"),
    Shape("a private key", ("age-secret-key-",), r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    Shape(
        "an AWS access key",
        ("akia", "asia", "abia", "acca"),
        r"(?<![A-Za-z0-9])(AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![A-Za-z0-9])",
    ),
    Shape(
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]+",
    ),
    Shape(
        "a GitLab token",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glft-", "glsoat-", "glagent-", "gloas-"),
        _START + r"gl(pat|dt|rt|ptt|cbt|ft|soat|agent|oas)-[A-Za-z0-9_.-]+",
    ),
    Shape("a Slack token", ("xox", "xapp-"), _START + r"(xox[abeoprs]|xapp)-[A-Za-z0-9-]+"),
    Shape(
        "a webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(services|workflows|triggers)/\S+",
    ),
    Shape(
        "a webhook",
        ("/api/webhooks/",),
        r"discord(app)?\.com/api/webhooks/[0-9]+/\S+",
    ),
    Shape(
        "a webhook",
        ("webhook.office.com/", "outlook.office.com/webhook"),
        r"(webhook\.office\.com|outlook\.office\.com/webhook)\S*/\S+",
    ),
    Shape("a Google API key", ("aiza",), _START + r"AIza[A-Za-z0-9_-]{30,}"),
    Shape("a Google token", ("ya29.", "gocspx-"), _START + r"(ya29\.|GOCSPX-)[A-Za-z0-9_-]{10,}"),
    Shape(
        "an API key",
        ("sk-",),
        _START + r"sk-([A-Za-z0-9]{20,}|(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{20,})",
    ),
    Shape(
        "a Stripe key",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
        _START + r"([sr]k_(live|test)|whsec)_[A-Za-z0-9+/=]{8,}",
    ),
    Shape("a Hugging Face token", ("hf_", "api_org_"), _START + r"(hf|api_org)_[A-Za-z0-9]{20,}"),
    Shape("an npm token", ("npm_",), _START + r"npm_[A-Za-z0-9]{20,}"),
    Shape(
        "a PyPI token",
        ("pypi-",),
        _START + r"pypi-([A-Za-z0-9_]{30,}|(?=[a-z0-9_-]*[A-Z])[A-Za-z0-9_-]{16,})",
    ),
    Shape("a Docker token", ("dckr_",), _START + r"dckr_(pat|oat)_[A-Za-z0-9_-]{16,}"),
    Shape("a Databricks token", ("dapi",), _START + r"dapi[0-9a-f]{32}(-[0-9])?(?![A-Za-z0-9])"),
    Shape("a DigitalOcean token", ("_v1_",), _START + r"do[opr]_v1_[0-9a-f]{32,}"),
    Shape("a SendGrid key", ("sg.",), _START + r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    Shape("a Mailgun key", ("key-",), _START + r"key-[0-9a-f]{32}(?![A-Za-z0-9])"),
    Shape("a Mailchimp key", ("-us",), _START + r"[0-9a-f]{32}-us[0-9]{1,2}(?![A-Za-z0-9])"),
    Shape("a Twilio key", ("sk",), _START + r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    Shape("a Telegram token", (":aa",), _START + r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9])"),
    Shape("a Vault token", ("hvs.", "hvb.", "hvr."), _START + r"hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    Shape("a Terraform token", (".atlasv1.",), r"[A-Za-z0-9]{10,20}\.atlasv1\.[A-Za-z0-9_=-]{20,}"),
    Shape("a Grafana token", ("glsa_", "glc_"), _START + r"gl(sa|c)_[A-Za-z0-9_+/=]{20,}"),
    Shape("a Shopify token", ("shp",), _START + r"shp(at|ca|pa|ss)_[0-9a-fA-F]{16,}"),
    Shape("a Square token", ("sq0",), _START + r"sq0[a-z]{3}-[A-Za-z0-9_-]{16,}"),
    Shape("an Artifactory token", ("akc",), _START + r"AKC[A-Za-z0-9]{20,}"),
    Shape("an Atlassian token", ("atatt3", "atctt3"), _START + r"AT[AC]TT3[A-Za-z0-9_=-]{20,}"),
    Shape("a Notion token", ("secret_", "ntn_"), _START + r"(secret|ntn)_[A-Za-z0-9]{32,}"),
    Shape("a Linear key", ("lin_",), _START + r"lin_(api|oauth)_[A-Za-z0-9]{20,}"),
    Shape("a Postman key", ("pmak-",), _START + r"PMAK-[0-9a-f]{10,}-[0-9a-f]{20,}"),
    Shape("a New Relic key", ("nrak-", "nraa-"), _START + r"NRA[AK]-[A-Z0-9]{20,}"),
    Shape("a Sentry token", ("sntry",), _START + r"sntry[su]_[A-Za-z0-9_=+/]{16,}"),
    Shape("a PlanetScale token", ("pscale_",), _START + r"pscale_(tkn|pw|oauth)_[\w.-]{16,}"),
    Shape("a Supabase token", ("sbp_",), _START + r"sbp_[0-9a-f]{20,}"),
    Shape("a Replicate token", ("r8_",), _START + r"r8_[A-Za-z0-9]{20,}"),
    Shape("an API key", ("gsk_", "xai-", "pplx-"), _START + r"(gsk_|xai-|pplx-)[A-Za-z0-9]{20,}"),
    Shape("a Figma token", ("figd_",), _START + r"figd_[A-Za-z0-9_-]{20,}"),
    Shape("a Heroku key", ("hrku-",), _START + r"HRKU-[A-Za-z0-9_-]{20,}"),
    Shape("a JSON web token", ("eyj",), _START + r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]*[.\w-]*"),
    Shape(
        "a bearer token",
        ("bearer ",),
        r"(?i)\bbearer\s+(?P<secret>[\w.~+/=-]{20,}|(?=\S*[0-9])[\w.~+/=-]{8,})",
    ),
    Shape(
        "a user name with its password",
        ("basic ",),
        r"(?i)\bbasic\s+(?P<secret>(?=\S*[0-9=])[A-Za-z0-9+/]{8,}={0,2})(?![\w-])",
    ),
    Shape(
        "a user name with its password",
        ("-u", "--user"),
        r"(?:^|\s)(?:-u|--user)[ =]?['\"]?[^\s:/=]+:(?P<secret>[^\s'\"/]+)",
    ),
)

# Every name that is judged a secret contains one of these if case and separators are ignored.
NAME_MARKS = ("pass", "pw", "secret", "token", "key", "cred", "auth", "sas", "dsn", "conn", "pat")

# The patterns of names see words in lower case, with "_" before, between and after them.
# The secret itself is the value.
STRONG_NAME = r"""(?x)
      passw(or)?d | passphrase | pass_phrase | pass_word | _pass_$
    | _(db | my | sql | mysql | pg | smtp | ftp | mail | user | root | admin | redis | mongo)pass_
    | pwd_ | _pw_ | secret | credential | _creds?_ | token(s)?_ | api_?keys?_ | _sas_
    | (access | account | private | priv | encrypt | encryption | crypt | crypto | cipher | signing
      | sign | master | ssh | fernet | storage | shared | licen[cs]e | deploy | gpg | pgp | rsa
      | dsa | hmac | aes | session | jwt | client | service | server | admin | root | app
      | application | integration | ingest | webhook | management | subscription | function
      | auth | login | user | bearer | cookie | host | backup | vault | unseal | recovery
      | openai | hf)
      _?keys?_
    | (access | secret)_key_id_
    | connection_?strings?_ | conn_?str(ing)?_"""
# The value may also be a method, a mode or a name.
WEAK_NAME = r"(?x) _auth_ | _authorization_ | _dsn_ | _pat_ | _key_$ | _cookie_$ | _webhook_$"
# The value is something about a secret.
HARMLESS_NAME = r"""(?x)
      _(name | names | ref | refs | reference | file | files | filename | path | paths | dir | dirs
      | directory | folder | root | sock | socket | mount | volume | location | store | storage
      | ttl | timeout | seconds | secs | minutes | mins | hours | days | ms | duration | age
      | lifetime | leeway | expiry | expire | expires | expiration | interval | period | rotation
      | refresh | retries | attempts | delay | at | date | time
      | enable | enabled | disable | disabled | required | require | optional | allowed | allow
      | header | headers | url | urls | uri | uris | endpoint | host | hosts | port | domain | realm
      | server | address | length | len | size | limit | limits | count | counts | max | min | bits
      | rounds | iterations | strength | parallelism | budget | usage | rate | price | cost | ratio
      | type | types | kind | method | methods | mode | scheme | schemes | policy | policies
      | algorithm | alg | algo | hashers? | provider | providers | backend | backends | engine
      | class | module | plugin | handler | middleware | manager | service | helper
      | validators?
      | validation | generator | prefix | suffix | format | pattern | regex | delimiter
      | separator
      | version | issuer | audience | scope | scopes | region | namespace | project | field | fields
      | column | label | cache | bucket | user | username | group | groups | role | roles | owner
      | source | check | checks | hint | prompt | reset | reload | change | changed | encoding
      | placeholder | template | status | state | level | verbose | debug | dimension | per
      | vocab | batch | window | fingerprint | usages | env | var | variable
      | model | sha | md | checksum | digest | revision | inject)_$
    | _(max | min | num | public | pub | checksum | n | avg | total | per)_
    | tokeniz | keyboard
    | _(existing | image_?pull | pull | tls | k8s | kube | kubernetes | ingress | external)
      _secrets?_$
    | imagepullsecrets?_$ | tlssecrets?_$
    | _(partition | sort | primary | foreign | cache | group | routing | object | s3 | row | index
      | blob | lookup | dedup | idempotency | message | map | dict | json | hot)
      _key_$"""
# Names of passwords, of which a long number may be one.
NUMERIC_NAME = r"pass|pwd|_pw_"

# Values that are no secret, whatever the name of the variable says.
HARMLESS_VALUE = r"""(?ix)
      true | false | yes | no | y | n | on | off | enabled? | disabled? | none | null | nil | unset
    | auto | default | required? | optional | always | never | n/a | \*+ | x{3,}
    | basic | bearer | digest | oauth | oauth2 | oidc | ldaps? | kerberos | saml | ntlm | jwt
    | iam | plain | anonymous | public | token | mtls | tls | ssl | md5 | trust
    | [-+]?[0-9]{1,9}(\.[0-9]+)?
    | ([0-9]+(\.[0-9]+)?[ ]?(ns | us | ms | s | secs? | seconds? | m | mins? | minutes? | h | hrs?
      | hours? | d | days? | w | weeks? | months? | years? | y | %
      | b | bytes? | [kmgtpe]i?b? )){1,4}
    | <[^<>]*> | \{\{.*\}\} | %\([a-z_]+\)s | ref\+.*
    | (arn | vault | keyring | keyvault | env | file | op | sm | ssm | sops):\S+
    | [a-z][a-z0-9+.-]*://\S*
    | ssh-(rsa | dss | ed25519)[ ].* | ecdsa-\S+[ ].* | sha(1 | 256 | 512):\S+
    | -----BEGIN[ ](?![A-Z0-9 ]*PRIVATE)(?s:.*)
    | [^\s=]*\.(json | ya?ml | pem | key | crt | cert | cer | txt | toml | ini | cfg | conf | env
      | p12 | pfx | jks | pub | gpg | asc | netrc | properties | token | db | sqlite | kdbx | xml
      | py | sh | so | sock | csv | ppk | der | keytab | secret)
    | x-[a-z-]+ """
# Up to so many digits are no password: the length of one, or a switch.
FEW_DIGITS = 4
# Paths: absolute, relative to a directory, names in lower case with a slash between them; and the
# names of modules and classes.
PATH_VALUE = r"""(?x) (~ | \.{1,2})?(/[\w.@ -]+)+/? | [A-Za-z]:\\[\w.\\ -]+
    | [a-z0-9._-]+(/[a-z0-9._-]+)+/? | [a-z_]\w*(\.[A-Za-z_]\w*){2,}"""
# A part of a path that nobody would choose as a name.
GENERATED = r"(?=[^/.]*[0-9])(?=[^/.]*[a-z])(?=[^/.]*[A-Z])[A-Za-z0-9+_=-]{10,}"
# Values of weak names that are secrets: a user with a password, or something generated.
ACCOUNT_VALUE = r"[^\s:/@]+:(?![0-9]{1,5}(/|\Z))[^\s/@][^\s@]*(@\S+)?"
WEAK_VALUE = r"""(?x)
      (?=\S*[0-9])(?=\S*[A-Za-z])(?!.*(?i:oauth | sha-?[0-9] | md5 | tls | http | v[0-9]))\S{6,}"""
# The same for a name that merely ends in "key".
GENERATED_KEY = r"(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9+/=_~]{20,}"

# name=value inside a longer text; in JSON "name": "value"; as an option --name value.
ASSIGNED = r"""(?x)
      (?<![\w.-])(?:--?)?(?P<name>[A-Za-z_][\w.-]*)["']?[ ]?=[ ]?["']?(?P<value>[^\s"'&;,]+)
    | ["'](?P<key>[A-Za-z_][\w.-]*)["']\s*:\s*["'](?P<text>[^"']+)["']
    | (?:^|\s)--?(?P<option>[A-Za-z][\w-]*)\s+["']?(?P<word>[^\s"'-][^\s"']*)"""
# What $(NAME), ${NAME} and $NAME refer to is not written here.
REFERENCES = r"\$\([^()\s]*\)|\$\{[^{}\s]*\}|\$[A-Z_][A-Z0-9_]*"
