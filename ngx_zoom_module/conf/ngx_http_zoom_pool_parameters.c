/*
 * The lines of a zoom_pool that say who is in it: user, members and create.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_parameters.h"
#include "ngx_http_zoom_str.h"
#include "zoom_turns.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_REFRESH_MIN      30
#define NGX_HTTP_ZOOM_REFRESH_MAX      86400
#define NGX_HTTP_ZOOM_REFRESH_DEFAULT  600

/* what Zoom lets a large account create in a day */
#define NGX_HTTP_ZOOM_CREATE_COUNT     10000

#define NGX_HTTP_ZOOM_GROUP_MAX        128


static ngx_int_t ngx_http_zoom_pool_email(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name);
static ngx_uint_t ngx_http_zoom_pool_has(ngx_str_t *value, const char *name,
    ngx_str_t *rest);
static char *ngx_http_zoom_pool_odd(ngx_conf_t *cf, ngx_str_t *value,
    const char *what, const char *valid);
static char *ngx_http_zoom_pool_creation(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_pool_create_t *create);
static ngx_int_t ngx_http_zoom_pool_pattern(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *pattern);
static char *ngx_http_zoom_pool_one_of(ngx_conf_t *cf, ngx_str_t *value,
    const char *what, ngx_conf_enum_t *e, ngx_uint_t *chosen);


ngx_conf_enum_t  ngx_http_zoom_create_actions[] = {
    { ngx_string("create"), NGX_HTTP_ZOOM_CREATE },
    { ngx_string("autoCreate"), NGX_HTTP_ZOOM_AUTO_CREATE },
    { ngx_string("custCreate"), NGX_HTTP_ZOOM_CUST_CREATE },
    { ngx_string("ssoCreate"), NGX_HTTP_ZOOM_SSO_CREATE },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_zoom_user_types[] = {
    { ngx_string("basic"), 1 },
    { ngx_string("licensed"), 2 },
    { ngx_null_string, 0 }
};


char *
ngx_http_zoom_set_pool_user(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    ngx_int_t                   weight;
    ngx_str_t                  *value, name, rest;
    ngx_uint_t                  i;
    ngx_http_zoom_pool_user_t  *user;

    value = cf->args->elts;

    if (ngx_http_zoom_pool_email(cf, &value[1], &name) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    user = pool->users.elts;

    for (i = 0; i < pool->users.nelts; i++) {
        if (ngx_http_zoom_same(&user[i].name, &name)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate user \"%V\" of \"zoom_pool\" "
                               "\"%V\", the first is in line %ui",
                               &value[1], &pool->name, user[i].line);
            return NGX_CONF_ERROR;
        }
    }

    user = ngx_array_push(&pool->users);
    if (user == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(user, sizeof(ngx_http_zoom_pool_user_t));

    user->name = name;
    user->weight = 1;
    user->line = cf->conf_file->line;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_http_zoom_pool_has(&value[i], "weight=", &rest)) {
            weight = ngx_atoi(rest.data, rest.len);

            if (weight < 1 || weight > ZOOM_WEIGHT_MAX) {
                return ngx_http_zoom_pool_odd(cf, &value[i], "user",
                                "\"weight=\" must be from 1 to 100, and a "
                                "user that is to have no bots is \"down\"");
            }

            user->weight = weight;

        } else if (ngx_strcmp(value[i].data, "backup") == 0) {
            user->backup = 1;

        } else if (ngx_strcmp(value[i].data, "down") == 0) {
            user->down = 1;

        } else {
            return ngx_http_zoom_pool_odd(cf, &value[i], "user",
                                "it must be \"weight=N\", \"backup\" or "
                                "\"down\"");
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_zoom_pool_email(ngx_conf_t *cf, ngx_str_t *value, ngx_str_t *name)
{
    zoom_buf_t   b;
    zoom_user_e  type;

    type = zoom_user_check(ngx_http_zoom_str(value));

    if (type != ZOOM_USER_ID && type != ZOOM_USER_EMAIL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid user \"%V\" of \"zoom_pool\", it must be "
                           "an e-mail, or a Zoom user id other than \"me\"",
                           value);
        return NGX_ERROR;
    }

    name->data = ngx_pnalloc(cf->pool, value->len);
    if (name->data == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, name->data, value->len);
    zoom_user_fold(&b, ngx_http_zoom_str(value));

    name->len = b.len;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_zoom_pool_has(ngx_str_t *value, const char *name, ngx_str_t *rest)
{
    size_t  len;

    len = ngx_strlen(name);

    if (value->len < len || ngx_strncmp(value->data, name, len) != 0) {
        return 0;
    }

    rest->data = value->data + len;
    rest->len = value->len - len;

    return 1;
}


static char *
ngx_http_zoom_pool_odd(ngx_conf_t *cf, ngx_str_t *value, const char *what,
    const char *valid)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of \"%s\", %s",
                       value, what, valid);

    return NGX_CONF_ERROR;
}


char *
ngx_http_zoom_set_pool_members(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    ngx_str_t                   *value, rest;
    ngx_uint_t                   i;
    ngx_http_zoom_pool_found_t  *found;

    if (pool->found.nelts == NGX_HTTP_ZOOM_POOL_FOUND_MAX) {
        return "can't be there more than six times";
    }

    found = ngx_array_push(&pool->found);
    if (found == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(found, sizeof(ngx_http_zoom_pool_found_t));

    found->refresh = NGX_HTTP_ZOOM_REFRESH_DEFAULT;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_zoom_pool_has(&value[i], "group=", &rest)) {
            found->group = rest;

        } else if (ngx_http_zoom_pool_has(&value[i], "email=", &rest)) {
            found->email = rest;

        } else if (ngx_http_zoom_pool_has(&value[i], "refresh=", &rest)) {
            found->refresh = ngx_parse_time(&rest, 1);

            if (found->refresh < NGX_HTTP_ZOOM_REFRESH_MIN
                || found->refresh > NGX_HTTP_ZOOM_REFRESH_MAX)
            {
                return ngx_http_zoom_pool_odd(cf, &value[i], "members",
                                "\"refresh=\" must be from 30s to 1d");
            }

        } else {
            return ngx_http_zoom_pool_odd(cf, &value[i], "members",
                                "it must be \"group=NAME\", "
                                "\"email=PATTERN\" or \"refresh=TIME\"");
        }
    }

    if (!found->group.len == !found->email.len) {
        return "must have either \"group=NAME\" or \"email=PATTERN\", such as "
               "\"email=bot-*@example.com\"";
    }

    if (found->group.len > NGX_HTTP_ZOOM_GROUP_MAX
        || found->email.len > ZOOM_USER_MAX)
    {
        return "has a name of more than 128 bytes";
    }

    if (found->email.len
        && ngx_strlchr(found->email.data, found->email.data + found->email.len,
                       '@')
           == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pattern \"%V\" of \"members\" is no e-mail's, it "
                           "must have an \"@\", such as "
                           "\"bot-*@example.com\"", &found->email);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_pool_create(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_http_zoom_pool_create_t  *create;

    if (pool->create) {
        return "is duplicate";
    }

    create = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_pool_create_t));
    if (create == NULL) {
        return NGX_CONF_ERROR;
    }

    create->action = NGX_HTTP_ZOOM_AUTO_CREATE;
    create->type = 1;

    value = cf->args->elts;

    if (ngx_http_zoom_pool_pattern(cf, &value[1], &create->pattern)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_zoom_pool_creation(cf, &value[i], create)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (create->count == 0) {
        return "must have \"count=\", how many users there are to be";
    }

    if (create->action == NGX_HTTP_ZOOM_CREATE) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"action=create\" leaves users pending, whom no "
                           "bot can become until they accept the invitation "
                           "in their mail, while \"action=autoCreate\" needs "
                           "a domain that Zoom manages for the account");
    }

    pool->create = create;

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_pool_creation(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_pool_create_t *create)
{
    ngx_int_t  count;
    ngx_str_t  rest;

    if (ngx_http_zoom_pool_has(value, "count=", &rest)) {
        count = ngx_atoi(rest.data, rest.len);

        if (count < 1 || count > NGX_HTTP_ZOOM_CREATE_COUNT) {
            return ngx_http_zoom_pool_odd(cf, value, "create",
                                "\"count=\" must be from 1 to 10000");
        }

        create->count = count;

        return NGX_CONF_OK;
    }

    if (ngx_http_zoom_pool_has(value, "action=", &rest)) {
        return ngx_http_zoom_pool_one_of(cf, &rest, "action",
                                         ngx_http_zoom_create_actions,
                                         &create->action);
    }

    if (ngx_http_zoom_pool_has(value, "type=", &rest)) {
        return ngx_http_zoom_pool_one_of(cf, &rest, "type",
                                         ngx_http_zoom_user_types,
                                         &create->type);
    }

    return ngx_http_zoom_pool_odd(cf, value, "create",
                                "it must be \"count=N\", \"action=ACTION\" "
                                "or \"type=TYPE\"");
}


/* What it becomes with the largest number has to be an e-mail. */

static ngx_int_t
ngx_http_zoom_pool_pattern(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *pattern)
{
    u_char      *p, *d;
    size_t       before;
    ngx_str_t    sample;
    u_char       buf[ZOOM_USER_MAX + NGX_INT_T_LEN];

    pattern->data = ngx_pnalloc(cf->pool, value->len);
    if (pattern->data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(pattern->data, value->data, value->len);
    pattern->len = value->len;

    d = ngx_strnstr(pattern->data, "%d", pattern->len);

    if (d && pattern->len <= ZOOM_USER_MAX) {
        before = d - pattern->data;

        p = ngx_cpymem(buf, pattern->data, before);
        p = ngx_sprintf(p, "%d", NGX_HTTP_ZOOM_CREATE_COUNT);
        p = ngx_cpymem(p, d + 2, pattern->len - before - 2);

        sample.data = buf;
        sample.len = p - buf;

        if (zoom_user_check(ngx_http_zoom_str(&sample)) == ZOOM_USER_EMAIL) {
            return NGX_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid pattern \"%V\" of \"create\", it must be an "
                       "e-mail with one \"%%d\" for the number, such as "
                       "\"bot-%%d@example.com\"", value);

    return NGX_ERROR;
}


static char *
ngx_http_zoom_pool_one_of(ngx_conf_t *cf, ngx_str_t *value, const char *what,
    ngx_conf_enum_t *e, ngx_uint_t *chosen)
{
    size_t      len;
    u_char      text[NGX_HTTP_ZOOM_CHOICE_MAX];
    ngx_uint_t  i;

    for (i = 0; e[i].name.len; i++) {
        if (ngx_http_zoom_same(&e[i].name, value)) {
            *chosen = e[i].value;
            return NGX_CONF_OK;
        }
    }

    len = ngx_http_zoom_choice(text, e, sizeof(ngx_conf_enum_t), i);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"%s=\" of \"create\", it "
                       "must be %*s", value, what, len, text);

    return NGX_CONF_ERROR;
}
