/*
 * The directives zoom_user and zoom_allow_user, and what "nginx -t" finds in
 * them.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_user_conf.h"
#include "zoom_uri.h"


static char *ngx_http_zoom_user_constant(ngx_conf_t *cf,
    ngx_http_complex_value_t *value);
static char *ngx_http_zoom_user_pool_allowed(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static ngx_int_t ngx_http_zoom_allow_regex(ngx_conf_t *cf,
    ngx_http_zoom_allow_t *allow, ngx_str_t *pattern);


char *
ngx_http_zoom_set_user(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    zlcf->user_place.file = cf->conf_file->file.name.data;
    zlcf->user_place.line = cf->conf_file->line;

    value = cf->args->elts;

    if (value[1].len > sizeof(NGX_HTTP_ZOOM_USER_POOL) - 1
        && ngx_strncmp(value[1].data, NGX_HTTP_ZOOM_USER_POOL,
                       sizeof(NGX_HTTP_ZOOM_USER_POOL) - 1)
           == 0)
    {
        zlcf->user_pool = 1;
        return NGX_CONF_OK;
    }

    return ngx_http_zoom_user_constant(cf, zlcf->user);
}


char *
ngx_http_zoom_allow_user(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t              *value;
    ngx_uint_t              i;
    ngx_http_zoom_allow_t  *allow;

    if (zlcf->allow == NGX_CONF_UNSET_PTR) {
        zlcf->allow = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                       sizeof(ngx_http_zoom_allow_t));
        if (zlcf->allow == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        allow = ngx_array_push(zlcf->allow);
        if (allow == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(allow, sizeof(ngx_http_zoom_allow_t));

        if (value[i].len == 0) {
            return "has an empty pattern";
        }

        if (value[i].data[0] != '~') {
            allow->pattern = value[i];
            continue;
        }

        if (ngx_http_zoom_allow_regex(cf, allow, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_zoom_allow_regex(ngx_conf_t *cf, ngx_http_zoom_allow_t *allow,
    ngx_str_t *pattern)
{
#if (NGX_PCRE)
    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern.data = pattern->data + 1;
    rc.pattern.len = pattern->len - 1;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (rc.pattern.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "empty regex in \"zoom_allow_user\"");
        return NGX_ERROR;
    }

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NGX_ERROR;
    }

    allow->regex = rc.regex;

    rc.options = NGX_REGEX_CASELESS;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NGX_ERROR;
    }

    allow->regex_nocase = rc.regex;

    return NGX_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "using regex \"%V\" requires PCRE library", pattern);

    return NGX_ERROR;

#endif
}


/* The variables' names are looked for in the text as it was written. */

ngx_uint_t
ngx_http_zoom_user_foreign(ngx_http_complex_value_t *value)
{
    u_char      *p, *last;
    ngx_uint_t   i;

    static ngx_str_t  foreign[] = {
        ngx_string("arg_"),
        ngx_string("http_"),
        ngx_string("cookie_"),
        ngx_string("zoom_metadata_"),
        ngx_null_string
    };

    last = value->value.data + value->value.len;

    for (p = value->value.data; p < last; p++) {

        if (*p != '$') {
            continue;
        }

        if (p + 1 < last && p[1] == '{') {
            p++;
        }

        for (i = 0; foreign[i].len; i++) {
            if ((size_t) (last - p - 1) >= foreign[i].len
                && ngx_strncasecmp(p + 1, foreign[i].data, foreign[i].len)
                   == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


static char *
ngx_http_zoom_user_constant(ngx_conf_t *cf, ngx_http_complex_value_t *value)
{
    ngx_str_t     user;
    const char   *why;
    zoom_user_e   type;

    if (value->lengths) {
        return NGX_CONF_OK;
    }

    user = value->value;

    switch (ngx_http_zoom_user_check(cf->temp_pool, &user, &type, &why)) {

    case ZOOM_OK:
        return NGX_CONF_OK;

    case ZOOM_E_INTERNAL:
        return NGX_CONF_ERROR;

    default:
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"zoom_user\" \"%V\", it must be a Zoom "
                           "user id other than \"me\", an e-mail, or "
                           "\"pool=NAME\"",
                           &value->value);
        return NGX_CONF_ERROR;
    }
}


char *
ngx_http_zoom_user_pool(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    size_t                      len;
    u_char                      text[NGX_HTTP_ZOOM_CHOICE_MAX];
    ngx_str_t                   name;
    ngx_http_zoom_main_conf_t  *zmcf;

    if (!zlcf->user_pool || zlcf->user->lengths) {
        return NGX_CONF_OK;
    }

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    name = zlcf->user->value;
    name.data += sizeof(NGX_HTTP_ZOOM_USER_POOL) - 1;
    name.len -= sizeof(NGX_HTTP_ZOOM_USER_POOL) - 1;

    zlcf->pool = ngx_http_zoom_pool_find(zmcf, &name);

    if (zlcf->pool == NULL) {
        len = ngx_http_zoom_pool_names(zmcf, text);

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown pool \"%V\" of \"zoom_user\", %s%*s in %s:%ui",
                      &name, len ? "it must be "
                                 : "there must be a \"zoom_pool\" of that name",
                      len, text, zlcf->user_place.file,
                      zlcf->user_place.line);
        return NGX_CONF_ERROR;
    }

    if (zlcf->account
        && !ngx_http_zoom_account_same(zlcf->account, zlcf->pool->account))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_pool\" \"%V\" is of account \"%V\", not of "
                      "\"%V\" as \"%s\" is, in %s:%ui", &name,
                      &zlcf->pool->account->name, &zlcf->account->name,
                      zlcf->use.name, zlcf->user_place.file,
                      zlcf->user_place.line);
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_user_pool_allowed(cf, zlcf);
}


static char *
ngx_http_zoom_user_pool_allowed(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_uint_t                  i;
    zoom_user_e                 type;
    ngx_http_zoom_pool_user_t  *user;

    user = zlcf->pool->users.elts;

    for (i = 0; i < zlcf->pool->users.nelts; i++) {
        type = zoom_user_check(ngx_http_zoom_str(&user[i].name));

        if (!ngx_http_zoom_user_allowed(zlcf->allow, &user[i].name, type)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "user \"%V\" of \"zoom_pool\" \"%V\" is not in the "
                          "\"zoom_allow_user\" of \"%s\" in %s:%ui",
                          &user[i].name, &zlcf->pool->name, zlcf->use.name,
                          zlcf->use.place.file, zlcf->use.place.line);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_zoom_user_fix(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_str_t     value;
    const char   *why;
    zoom_user_e   type;

    if (zlcf->user == NULL || zlcf->user->lengths || zlcf->user_pool) {
        return 1;
    }

    value = zlcf->user->value;

    if (ngx_http_zoom_user_check(cf->pool, &value, &type, &why) != ZOOM_OK) {
        return 1;
    }

    if (!ngx_http_zoom_user_allowed(zlcf->allow, &value, type)) {
        return 0;
    }

    zlcf->fixed_user = value;

    return 1;
}


ngx_uint_t
ngx_http_zoom_user_allowed(const ngx_array_t *list, ngx_str_t *user,
    zoom_user_e type)
{
    ngx_uint_t                    i;
    const ngx_http_zoom_allow_t  *allow;

    if (list == NULL) {
        return 1;
    }

    allow = list->elts;

    for (i = 0; i < list->nelts; i++) {

#if (NGX_PCRE)

        if (allow[i].regex) {
            if (ngx_regex_exec((type == ZOOM_USER_EMAIL)
                               ? allow[i].regex_nocase : allow[i].regex,
                               user, NULL, 0)
                >= 0)
            {
                return 1;
            }

            continue;
        }

#endif

        if (zoom_user_match(ngx_http_zoom_str(&allow[i].pattern),
                            ngx_http_zoom_str(user)))
        {
            return 1;
        }
    }

    return 0;
}


zoom_error_e
ngx_http_zoom_user_check(ngx_pool_t *pool, ngx_str_t *value,
    zoom_user_e *type, const char **why)
{
    zoom_buf_t  b;

    /* nothing that long can become a user when it is decoded */

    if (value->len > 3 * ZOOM_USER_MAX) {
        *why = "the user is too long";
        return ZOOM_E_DENIED;
    }

    b.data = ngx_pnalloc(pool, value->len + 1);
    if (b.data == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, b.data, value->len + 1);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(value)) != 0) {
        *why = "the user is not valid percent-encoding";
        return ZOOM_E_DENIED;
    }

    value->data = b.data;
    value->len = b.len;

    *type = zoom_user_check(ngx_http_zoom_str(value));

    switch (*type) {

    case ZOOM_USER_EMPTY:
        *why = "\"zoom_user\" is empty";
        return ZOOM_E_NO_USER;

    case ZOOM_USER_INVALID:
        *why = "the user is neither a Zoom user id nor an e-mail";
        return ZOOM_E_DENIED;

    default:
        return ZOOM_OK;
    }
}
