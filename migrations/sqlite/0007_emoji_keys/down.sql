-- The renewed keys are right for older versions too.
SELECT 1;
