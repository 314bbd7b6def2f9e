// One request: its start, its task, its shutdown. Every setjmp is here. PHP: sapi/fpm/fpm/fpm_main.c, main's loop
#include "shim.h"

#include <errno.h>
#include <unistd.h>

// FPM fills the request's facts only when the web server named a script, found or not.
static bool names_a_script(void) {
    return ENVIRONMENT("SCRIPT_FILENAME") || ENVIRONMENT("PATH_TRANSLATED") ||
           ENVIRONMENT("ORIG_SCRIPT_FILENAME");
}

static void fill_request_info(const martinet_php_request *request) {
    sapi_request_info *info = &SG(request_info);
    info->path_translated = request->path_translated ? estrdup(request->path_translated) : NULL;
    info->request_method = ENVIRONMENT("REQUEST_METHOD");
    info->request_uri = (char *)request->request_uri;
    info->proto_num = 1000;
    info->query_string = NULL;
    info->content_type = NULL;
    info->content_length = 0;
    SG(sapi_headers).http_response_code = 200;
    if (!names_a_script()) {
        return;
    }
    const char *type = ENVIRONMENT("CONTENT_TYPE");
    const char *length = ENVIRONMENT("CONTENT_LENGTH");
    info->query_string = (char *)ENVIRONMENT("QUERY_STRING");
    info->content_type = type ? type : "";
    info->content_length = length ? atol(length) : 0;
    php_handle_auth_data(ENVIRONMENT("HTTP_AUTHORIZATION"));
    if (info->auth_user) {
        host.authenticated(host.context, info->auth_user);
    }
}

// MARK: tasks

static void run_page(const martinet_php_request *request) {
    zend_try {
        for (const char *line = request->lines, *end = line + request->lines_length; line < end; line += strlen(line) + 1) {
            sapi_add_header_ex((char *)line, strlen(line), 1, 1);
        }
        SG(sapi_headers).http_response_code = 200;
        if (!SG(request_info).headers_only) {
            PHPWRITE(request->body, request->body_length);
        }
    } zend_end_try();
}

static void refuse(int status, const char *body, size_t length) {
    SG(sapi_headers).http_response_code = status;
    PHPWRITE(body, length);
}

static void run_refusal(const martinet_php_request *request) {
    zend_try {
        if (request->lines_length) {
            shim_log(request->level, "%s", request->lines);
        }
        refuse(request->status, request->body, request->body_length);
    } zend_end_try();
}

static void run_script(const martinet_php_request *request) {
    zend_file_handle file;
    if (php_fopen_primary_script(&file) == SUCCESS) {
        host.script_starts(host.context);
        EG(exit_status) = 0;
        php_execute_script(&file);
    } else {
        int error = errno;
        zend_try {
            shim_log(
                MARTINET_PHP_ERROR, "Unable to open primary script: %s (%s)", request->path_translated, strerror(error));
            if (error == EACCES) {
                refuse(403, ZEND_STRL("Access denied.\n"));
            } else {
                refuse(404, ZEND_STRL("No input file specified.\n"));
            }
        } zend_end_try();
    }
    // With opcache, from the second time on, the list of open files does not hold it and would not free it.
    if (!file.in_list) {
        zend_destroy_file_handle(&file);
    }
}

static void run_task(const martinet_php_request *request) {
    switch (request->task) {
    case MARTINET_PHP_SCRIPT: run_script(request); break;
    case MARTINET_PHP_PAGE: run_page(request); break;
    case MARTINET_PHP_REFUSE: run_refusal(request); break;
    default: break;
    }
}

// MARK: after the task

// A script that died may be told apart by a status of the administrator's choice.
static void set_error_header(void) {
    if (EG(exit_status) == 255 && php_shim_ini.error_header && *php_shim_ini.error_header && !SG(headers_sent)) {
        sapi_header_line line = {.line = php_shim_ini.error_header, .line_len = strlen(php_shim_ini.error_header)};
        sapi_header_op(SAPI_HEADER_REPLACE, &line);
    }
}

static void report(bool with_headers) {
    martinet_php_facts facts = {
        .status = SG(sapi_headers).http_response_code,
        .peak_memory = zend_memory_peak_usage(1),
    };
    char *lines = NULL;
    if (with_headers) {
        zend_llist_position at;
        for (sapi_header_struct *h = zend_llist_get_first_ex(&SG(sapi_headers).headers, &at); h;
             h = zend_llist_get_next_ex(&SG(sapi_headers).headers, &at)) {
            lines = perealloc(lines, facts.headers_length + h->header_len + 1, 1);
            memcpy(lines + facts.headers_length, h->header, h->header_len);
            lines[facts.headers_length + h->header_len] = 0;
            facts.headers_length += h->header_len + 1;
        }
        facts.headers = lines;
    }
    host.script_ended(host.context, &facts);
    if (lines) {
        pefree(lines, 1);
    }
}

static void end_request(const martinet_php_request *request) {
    if (serving.body_file >= 0) {
        close(serving.body_file);
    }
    serving.body_file = -2;
    set_error_header();
    report(request->wants_headers);
    if (SG(request_info).path_translated) {
        efree(SG(request_info).path_translated);
        SG(request_info).path_translated = NULL;
    }
    php_request_shutdown(NULL);
}

// PHP looks at seven signals' handlers at the start of each request, in case a script changed them. Only pcntl's functions can.
static void keep_signal_handlers(void) {
#ifdef ZEND_SIGNALS
    SIGG(reset) = zend_hash_str_exists(&module_registry, ZEND_STRL("pcntl"));
#endif
}

int request_run(const martinet_php_request *request) {
    volatile int outcome = -1;
    serving = (shim_state){.request = request, .body_file = -1};
    SG(server_context) = &serving;
    environment_begin(request);
    slowlog_request_begins();
    zend_first_try {
        fill_request_info(request);
        values_of_request();
        if (php_request_startup() == SUCCESS) {
            run_task(request);
            end_request(request);
            outcome = 0;
        }
    } zend_end_try();
    slowlog_request_ends();
    keep_signal_handlers();
    environment_end();
    SG(server_context) = NULL;
    serving.request = NULL;
    return outcome;
}
